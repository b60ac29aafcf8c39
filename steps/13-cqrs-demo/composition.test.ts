import { describe, expect, it } from "vitest";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { scriptedParts } from "../../shared/testing/api.ts";
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

  it("is the same projection otherwise", () => {
    story({
      given: "version 1 of the projection, with its tables",
      when: "it is made one for all rows",
      wanted: "version 1, with its tables",
    });
    const { version, tables } = forAllRows(firstProjection);
    expect({ version, tables }).toEqual({ version: 1, tables: firstProjection.tables });
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
    expect([log, isThere]).toEqual([["a starts", "b starts", "c starts"], false]);
    getReady();
    await soon(there, "the parts are ready, and nothing is answered");
    expect(isThere).toBe(true);
  });

  it("end one after the other, in the order of the flow", async () => {
    story({
      given: "three running parts",
      when: "they are stopped",
      wanted: "the second ends when the first has ended, and so on",
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
    ["cannot start", "c cannot start"],
    ["fails", "c failed"],
    ["never", "The c is not ready after 0.05 s."],
  ] as const)("leave nothing running when one of them %s", async (how, message) => {
    story({
      given: `two parts that run, and a third that ${how === "never" ? "is never ready" : how}`,
      when: "they are started, with 50 ms for it",
      wanted: "its failure, and none is running any more",
    });
    const { part, log } = scriptedParts();
    const failed = startParts([part("a"), part("b"), part("c", how)], 50).then(
      () => "started",
      (error: Error) => error,
    );
    const answer = await soon(failed, "startParts waits for a part that is never ready");
    if (!(answer instanceof Error)) return expect.fail("startParts answered as if all were ready");
    if (answer.message !== message) throw answer;
    expect(log).toEqual(expect.arrayContaining(["a has ended", "b has ended"]));
  });
});
