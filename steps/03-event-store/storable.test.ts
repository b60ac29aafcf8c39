import { describe, expect, it } from "vitest";
import { newEvent } from "../../shared/testing/new-events.ts";
import { created } from "../../shared/testing/reservations.ts";
import { assertStorable, assertSurvivesJson } from "./storable.ts";

class Money {
  readonly amount = 12_000;
}

const circle: { around?: unknown } = {};
circle.around = { circle };

const sparse = new Array<string>(2);
sparse[0] = "single";

describe("a value that JSON would lose", () => {
  it.each([
    ["undefined", { stay: { arrival: undefined } }, "data.stay.arrival"],
    ["undefined in a list", { guests: ["Ada", undefined] }, "data.guests[1]"],
    ["a hole in a list", { rooms: sparse }, "data.rooms[1]"],
    ["a function", { total: () => 240 }, "data.total"],
    ["a symbol", { room: Symbol("double") }, "data.room"],
    ["a bigint", { position: 7n }, "data.position"],
    ["NaN", { nights: Number.NaN }, "data.nights"],
    ["Infinity", { nights: Number.POSITIVE_INFINITY }, "data.nights"],
    ["-0", { nights: -0 }, "data.nights"],
    ["an integer beyond 2^53", { total: 2 ** 53 }, "data.total"],
    ["the character NUL", { guest: "A\0da" }, "data.guest"],
    ["half of a surrogate pair", { guest: "\ud83d" }, "data.guest"],
    ["a NUL in a key", { "a\0": 1 }, "data.a\0"],
    ["a Date", { at: new Date(0) }, "data.at"],
    ["an instance of a class", { total: new Money() }, "data.total"],
    ["a Map", { rooms: new Map() }, "data.rooms"],
    ["an object that contains itself", circle, "data.around.circle"],
    ["a value deep inside", { a: [{ b: [[{ c: Number.NaN }]] }] }, "data.a[0].b[0][0].c"],
  ] as const)("is refused with its path: %s", (_what, data, path) => {
    const refused = expect.objectContaining({ name: "InvalidEvent", path });
    expect(() => assertSurvivesJson(data, "data")).toThrow(refused);
  });

  it("is refused before it is too deep to look at", () => {
    let data: object = {};
    for (let depth = 0; depth < 100_000; depth++) data = { d: data };
    const refused = expect.objectContaining({ name: "InvalidEvent" });
    expect(() => assertSurvivesJson(data, "data")).toThrow(refused);
  });
});

describe("a value that JSON keeps", () => {
  it.each([
    ["an event of the domain", created.data],
    ["every kind of value", { a: null, b: false, c: [0, -1.5, 1e-9], d: {}, e: [[]], f: "" }],
    ["the largest exact integers", { a: Number.MAX_SAFE_INTEGER, b: Number.MIN_SAFE_INTEGER }],
    ["text of all planes", { name: "Zoë 李 🛎️", ключ: "\u2028" }],
    ["the same object twice, side by side", { from: created.data.stay, to: created.data.stay }],
    ["an object without a prototype", Object.assign(Object.create(null), { a: 1 })],
  ])("is let through: %s", (_what, data) => {
    expect(assertSurvivesJson(data, "data")).toBeUndefined();
  });

  it("is stored in metadata as well", () => {
    const event = newEvent(created, { metadata: { correlationId: "c-1" } });
    expect(assertStorable(event)).toBeUndefined();
    const metadata = { correlationId: "c-1", retries: Number.NaN };
    const refused = expect.objectContaining({ path: "metadata.retries" });
    expect(() => assertStorable({ ...event, metadata })).toThrow(refused);
  });
});
