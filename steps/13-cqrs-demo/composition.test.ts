import { describe, expect, it } from "vitest";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { scriptedParts, thrownBy } from "../../shared/testing/api.ts";
import { rowsOfToday } from "../../shared/testing/old-releases.ts";
import { cancelled, created } from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { soon } from "../../shared/testing/waiting.ts";
import { firstProjection, type Projection } from "../../solutions/09-rebuild/projection.ts";
import { rowsOf } from "../../solutions/11-versioning/first-release.ts";
import { forAllRows, startParts } from "./composition.ts";

describe("a projection for all rows", () => {
  costs("the first event that is older than the code, and the projector stands still at it");

  function written(): { readonly projection: Projection; readonly calls: EventEnvelope[][] } {
    const calls: EventEnvelope[][] = [];
    const apply: Projection["apply"] = async (_, events) => void calls.push([...events]);
    return { projection: { ...firstProjection, apply }, calls };
  }
  const noDatabase = { query: () => Promise.reject(new Error("not in this test")) };
  const root = new URL("../..", import.meta.url).href;
  /** By their names in the repository, wherever it is. */
  const files = (tables: Projection["tables"]) =>
    tables.map((url) => String(url).replace(root, ""));

  it("gets old rows in today's words, what was one row in one call", async () => {
    story({
      given: "reservation-1 of the first release: booked, moved, cancelled",
      when: "the rows are applied one by one",
      wanted: "created and confirmed together, then moved, then cancelled, all of today",
    });
    const { projection, calls } = written();
    const { apply } = forAllRows(projection);
    for (const row of rowsOf("reservation-1")) await apply(noDatabase, [row]);
    const seen = calls.map((call) =>
      call.map(({ type, schemaVersion }) => `${type} ${schemaVersion}`),
    );
    expect(seen).toEqual([
      ["ReservationCreated 3", "ReservationConfirmed 1"],
      ["StayChanged 2"],
      ["ReservationCancelled 2"],
    ]);
  });

  it("gets a batch of rows as one batch", async () => {
    story({
      given: "the three rows of the same reservation",
      when: "they are applied as one batch, as building anew does it (09)",
      wanted: "one call, with the four events that they say, in order",
      costs:
        "the night in which the read model is built anew ends at noon: a statement for each row",
    });
    const { projection, calls } = written();
    await forAllRows(projection).apply(noDatabase, rowsOf("reservation-1"));
    expect(calls.map((call) => call.map(({ type }) => type))).toEqual([
      ["ReservationCreated", "ReservationConfirmed", "StayChanged", "ReservationCancelled"],
    ]);
  });

  it("refuses a row that nobody knows", async () => {
    story({
      given: "a row of a newer release: ReservationUpgraded, which is none of the bookings' either",
      when: "it is applied",
      wanted: "UnknownEventType: the projector waits for the code that knows it",
      costs: "what the newer release writes is missing in the read model, and nothing says so",
    });
    const { projection, calls } = written();
    const [first] = rowsOfToday([created]);
    const newer = { ...first, type: "ReservationUpgraded", schemaVersion: 1 } as EventEnvelope;
    const refused = await thrownBy(async () => forAllRows(projection).apply(noDatabase, [newer]));
    expect(refused).toMatchObject({ name: "UnknownEventType" });
    expect(calls.flat(), "events applied").toEqual([]);
  });

  it("gets nothing of hotels, guests and bookings", async () => {
    story({
      given: "a row of a hotel between two of a reservation",
      when: "all three are applied",
      wanted: "the two",
    });
    const { projection, calls } = written();
    const [first, last] = rowsOfToday([created, cancelled]);
    const data = { hotelId: "astoria", rooms: { single: 0, double: 1, suite: 0 }, openedAt: "" };
    const hotel = { ...first, type: "HotelOpened", schemaVersion: 1, data } as EventEnvelope;
    const rows = [first, hotel, last].filter((row) => row !== undefined);
    await forAllRows(projection).apply(noDatabase, rows);
    expect(calls.flat().map(({ type }) => type)).toEqual([
      "ReservationCreated",
      "ReservationCancelled",
    ]);
  });

  it("is the same projection otherwise", async () => {
    story({
      given: "version 1 of the projection, with its tables, which writes a mail for each event",
      when: "it is made one for all rows, and an event comes in live",
      wanted: "version 1, with its tables, and the mail",
      costs: "since the deployment no guest gets a mail, and no test is red",
    });
    const mails: string[] = [];
    const sideEffect = async ({ type }: EventEnvelope): Promise<void> => void mails.push(type);
    const made = forAllRows({ ...firstProjection, sideEffect });
    for (const row of rowsOfToday([created])) await made.sideEffect?.(row);
    const { version, tables } = made;
    expect({ version, tables: files(tables), mails }).toEqual({
      version: 1,
      tables: files(firstProjection.tables),
      mails: ["ReservationCreated"],
    });
  });
});

describe("parts that are started", () => {
  costs("a deployment that failed half-way keeps a relay running that nobody knows of");

  it("begin side by side, and are there when all are ready", async () => {
    story({
      given: "three parts, of which the second takes its time",
      when: "they are started",
      wanted: "all begin at once; nothing is answered before the second is ready",
    });
    const { part, log, getReady } = scriptedParts();
    let isThere = false;
    const started = startParts([part("a"), part("b", "later"), part("c")]);
    const there = started.then(() => {
      isThere = true;
    });
    await Promise.race([there, new Promise((resolve) => setImmediate(resolve))]);
    expect(log, "what has begun").toEqual(["a starts", "b starts", "c starts"]);
    expect(isThere, "whether it is answered before the second is ready").toBe(false);
    getReady();
    await soon(there, "the parts are ready, and nothing is answered");
    expect(isThere).toBe(true);
  });

  it("end one after the other, in the order of the flow", async () => {
    story({
      given: "three running parts",
      when: "they are stopped",
      wanted: "the second ends when the first has ended, and so on",
      costs: "each deployment leaves events between the parts, and the board shows yesterday's",
    });
    const { part, log } = scriptedParts();
    const running = await startParts([part("a"), part("b"), part("c")]);
    log.length = 0;
    await running.stop();
    expect(log).toEqual([
      "a ends",
      "a has ended",
      "b ends",
      "b has ended",
      "c ends",
      "c has ended",
    ]);
  });

  it.each([
    ["whose start throws", "cannot start", { message: "saga cannot start" }],
    ["that fails", "fails", { message: "saga failed" }],
    [
      "that is never ready",
      "never",
      { name: "TimeLimitExceeded", message: expect.stringContaining("saga") },
    ],
  ] as const)("leave nothing running beside one %s", async (which, how, failure) => {
    story({
      given: `relay and projector, which run, and a saga ${which}`,
      when: "they are started, with 50 ms for it",
      wanted: `${how === "never" ? "TimeLimitExceeded, which names the saga" : "what it failed with"}; and none is running any more`,
    });
    const { part, log } = scriptedParts();
    const starts = [part("relay"), part("projector"), part("saga", how)];
    const failed = thrownBy(() => startParts(starts, 50));
    const error = await soon(failed, "the start goes on for ever: it neither ends nor fails");
    expect(error, "what the start fails with").toMatchObject(failure);
    const others = ["relay has ended", "projector has ended"];
    const ended = others.filter((line) => log.includes(line));
    expect(ended, "what became of the other two").toEqual(others);
  });

  it("give up with the first that fails, and wait for no other", async () => {
    story({
      given: "a relay that is never ready, and a saga that fails at once",
      when: "both are started, with a second for it",
      wanted: "what the saga failed with, not TimeLimitExceeded for the relay",
      costs:
        "a start that cannot succeed takes a minute each time, and the log names the wrong part",
    });
    const { part } = scriptedParts();
    const starts = [part("relay", "never"), part("saga", "fails")];
    const failed = thrownBy(() => startParts(starts, 1_000));
    const error = await soon(failed, "the start waits for the relay, which is never ready");
    expect(error, "what the start fails with").toMatchObject({ message: "saga failed" });
  });
});
