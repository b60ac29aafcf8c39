import { describe, expect, it } from "vitest";
import { InvalidEvent } from "../../shared/kernel/errors.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { created } from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { assertStorable, assertSurvivesJson } from "./storable.ts";

class Money {
  readonly amount = 12_000;
}

const circle: { around?: unknown } = {};
circle.around = { circle };

const sparse = new Array<string>(2);
sparse[0] = "single";

const [isGone, isNull] = ["JSON leaves the key out", "JSON makes null of it"];
const isRefused = "PostgreSQL refuses the whole batch, and does not say where";
const isPlain = "it comes back as a plain object";

describe("a value that JSON would lose", () => {
  costs("the guest disputes the bill, and the fact that is stored is not the one that happened");

  it.each([
    ["undefined", { stay: { arrival: undefined } }, "data.stay.arrival", isGone],
    ["undefined in a list", { guests: ["Ada", undefined] }, "data.guests[1]", isNull],
    ["a hole in a list", { rooms: sparse }, "data.rooms[1]", isNull],
    ["a function", { total: () => 240 }, "data.total", isGone],
    ["a symbol", { room: Symbol("double") }, "data.room", isGone],
    ["a bigint", { position: 7n }, "data.position", "JSON.stringify throws a bare TypeError"],
    ["NaN", { nights: Number.NaN }, "data.nights", isNull],
    ["Infinity", { nights: Number.POSITIVE_INFINITY }, "data.nights", isNull],
    ["-0", { nights: -0 }, "data.nights", "jsonb makes 0 of it"],
    ["an integer beyond 2^53", { total: 2 ** 53 }, "data.total", "it stands for 2^53 + 1, too"],
    ["the character NUL", { guest: "A\0da" }, "data.guest", isRefused],
    ["half of a surrogate pair", { guest: "\ud83d" }, "data.guest", isRefused],
    ["a NUL in a key", { "a\0": 1 }, "data.a\0", isRefused],
    ["a Date", { at: new Date(0) }, "data.at", "JSON makes text of it"],
    ["an instance of a class", { total: new Money() }, "data.total", isPlain],
    ["a Map", { rooms: new Map() }, "data.rooms", "JSON makes {} of it"],
    ["an object that contains itself", circle, "data.around.circle", "JSON.stringify throws"],
    ["a value deep inside", { a: [{ b: [[{ c: Number.NaN }]] }] }, "data.a[0].b[0][0].c", isNull],
  ] as const)("is refused with its path: %s", (what, data, path, otherwise) => {
    story({
      given: `data with ${what}, at ${shown(path)}`,
      when: "assertSurvivesJson looks at it",
      wanted: `an InvalidEvent with the path ${shown(path)}: ${otherwise}`,
    });
    expect(answerTo(data)).toBe(`refused: ${shown(path)}`);
  });

  it("is refused before it is too deep to look at", () => {
    story({
      given: "data of 100,000 objects, one inside the other",
      when: "assertSurvivesJson looks at it",
      wanted: "an InvalidEvent at the value that more than deepestNesting (200) lie around",
      costs: "one request of 600 kB ends in 'Maximum call stack size exceeded', and says no more",
    });
    let data: object = {};
    for (let depth = 0; depth < 100_000; depth++) data = { d: data };
    const [answer] = answerTo(data).split(":");
    expect(answer).toBe("refused");
  });
});

describe("a value that JSON keeps", () => {
  costs("a guest cannot book, and the support finds nothing that is wrong with the booking");

  it.each([
    ["an event of the domain", created.data],
    ["every kind of value", { a: null, b: false, c: [0, -1.5, 1e-9], d: {}, e: [[]], f: "" }],
    ["the largest exact integers", { a: Number.MAX_SAFE_INTEGER, b: Number.MIN_SAFE_INTEGER }],
    ["text of all planes", { name: "Zoë 李 🛎️", ключ: "\u2028" }],
    ["the same object twice, side by side", { from: created.data.stay, to: created.data.stay }],
    ["an object without a prototype", Object.assign(Object.create(null), { a: 1 })],
  ])("is let through: %s", (what, data) => {
    story({
      given: [`data that holds ${what}:`, JSON.stringify(data).slice(0, 68)],
      when: "assertSurvivesJson looks at it",
      wanted: "it returns, and throws nothing: jsonb gives all of it back",
    });
    expect(answerTo(data)).toBe("let through");
  });

  it("is stored in metadata as well", () => {
    story({
      given:
        "an event with the metadata { correlationId: 'c-1' }, then with retries: NaN beside it",
      when: "assertStorable (given) asks your assertSurvivesJson about its data and metadata",
      wanted: "the first is let through, the second refused with the path metadata.retries",
    });
    const event = newEvent(created, { metadata: { correlationId: "c-1" } });
    const metadata = { correlationId: "c-1", retries: Number.NaN };
    const answers = {
      "correlationId c-1": answerOf(() => assertStorable(event)),
      "and retries NaN": answerOf(() => assertStorable({ ...event, metadata })),
    };
    expect(answers).toEqual({
      "correlationId c-1": "let through",
      "and retries NaN": "refused: metadata.retries",
    });
  });
});

function answerTo(data: unknown): string {
  return answerOf(() => assertSurvivesJson(data, "data"));
}

/** What a check says, in words; an error that is no InvalidEvent is thrown on. */
function answerOf(check: () => unknown): string {
  try {
    const returned = check();
    return returned === undefined ? "let through" : `returned ${returned}`;
  } catch (error) {
    if (!(error instanceof InvalidEvent)) throw error;
    return `refused: ${shown(error.path)}`;
  }
}

/** A terminal does not show a NUL. */
function shown(path: string): string {
  return path.replaceAll("\0", "\\0");
}
