import type pg from "pg";
import { describe, expect, it } from "vitest";
import type { ExpectedVersion } from "../../shared/kernel/event-store.ts";
import { outcomeOf } from "../../shared/testing/append-outcome.ts";
import { blockedOrDone, watched } from "../../shared/testing/connections.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { cancelled, confirmed, created, stayChanged } from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { compareAndAppend as referenceAppend } from "../../solutions/04-concurrency/compare-and-append.ts";
import { compareAndAppend } from "./compare-and-append.ts";

const database = useDatabase(4);
const stream = "reservation-1";
const batch = [newEvent(stayChanged), newEvent(cancelled)];

const [v1, v2] = ["reservation-1 v1 ReservationCreated", "reservation-1 v2 ReservationConfirmed"];
const [v3, v4] = ["reservation-1 v3 StayChanged", "reservation-1 v4 ReservationCancelled"];
const atVersion2 = { events: [v1, v2], streams: ["reservation-1 at version 2"] };
const atVersion4 = { events: [v1, v2, v3, v4], streams: ["reservation-1 at version 4"] };

describe("an append at the version it has read", () => {
  costs("a guest's booking is refused, or stored in another order than it was made");

  it("writes the whole batch, in order, and moves the stream", async () => {
    story({
      given: "reservation-1 is at version 2",
      when: "StayChanged and ReservationCancelled are appended, expecting 2",
      wanted: "they are versions 3 and 4, and the row in streams says 4",
      costs:
        "a history in another order is another history; and where streams and events differ, " +
        "the next writer is refused, or let through, by mistake",
    });
    await givenVersion(2);
    const appending = compareAndAppend(database.pool, stream, batch, 2);
    const outcome = await outcomeOf(database.pool, appending);
    expect(outcome).toEqual({ answer: "written, up to version 4", ...atVersion4 });
    const { rows } = await database.pool.query("select position from events where version = 4");
    const position = BigInt(rows[0]?.position ?? 0);
    expect(await appending, "the answer, beside where version 4 is stored").toEqual({
      streamId: stream,
      version: 4,
      position,
      repeated: false,
    });
  });

  it("starts a stream, and leaves the others alone", async () => {
    story({
      given: "reservation-1 is at version 2, and there is no reservation-2",
      when: "StayChanged and ReservationCancelled are appended to reservation-2, expecting 0",
      wanted: "they are its versions 1 and 2, streams has a row for it, reservation-1 stays at 2",
      costs: "no new guest can book; or each new booking moves the version of somebody else's",
    });
    await givenVersion(2);
    const appending = compareAndAppend(database.pool, "reservation-2", batch, 0);
    expect(await outcomeOf(database.pool, appending)).toEqual({
      answer: "written, up to version 2",
      events: [v1, v2, "reservation-2 v1 StayChanged", "reservation-2 v2 ReservationCancelled"],
      streams: ["reservation-1 at version 2", "reservation-2 at version 2"],
    });
  });
});

describe("an append that comes too late", () => {
  costs("the stream says confirmed and cancelled, and the guest arrives at 23:40");

  it.each([
    ["a version that has passed", 1],
    ["a version that has not come", 3],
    ["a version beyond the column's range", 2 ** 31],
    ["0", 0],
    ["no-stream", "no-stream"],
  ] as const)("writes nothing when it expects %s", async (_what, expected) => {
    story({
      given: "reservation-1 is at version 2",
      when: `two events are appended by a writer who expects ${expected}`,
      wanted: "the answer is undefined, and nothing was written: no row moves, no events",
      costs: "this writer decided about a state of the stream that is gone, or never was",
    });
    await givenVersion(2);
    const appending = compareAndAppend(database.pool, stream, batch, expected);
    const outcome = await outcomeOf(database.pool, appending);
    expect(outcome).toEqual({ answer: "nothing was written", ...atVersion2 });
  });

  it.each(["stream-exists", 1] as const)(
    "starts no stream when it expects %s",
    async (expected) => {
      story({
        given: "there is no stream",
        when: `two events are appended by a writer who expects ${expected}`,
        wanted: "the answer is undefined, and there is no stream still",
        costs: "a stay changed and a booking cancelled that nobody has ever made",
      });
      const appending = compareAndAppend(database.pool, stream, batch, expected);
      const outcome = await outcomeOf(database.pool, appending);
      expect(outcome).toEqual({ answer: "nothing was written", events: [], streams: [] });
    },
  );

  it.each(["stream-exists", "any"] as const)(
    "is not too late when it expects %s",
    async (expected) => {
      story({
        given: "reservation-1 is at version 2",
        when: `two events are appended by a writer who expects ${expected}`,
        wanted: "they are versions 3 and 4: whoever says no number is content with 2",
        costs: "the note 'guest arrives late' is refused, although it is true at any version",
      });
      await givenVersion(2);
      const appending = compareAndAppend(database.pool, stream, batch, expected);
      const outcome = await outcomeOf(database.pool, appending);
      expect(outcome).toEqual({ answer: "written, up to version 4", ...atVersion4 });
    },
  );
});

describe("a batch with an event that is stored already", () => {
  costs("half a decision: the guest is charged, the room never booked");

  it.each([
    ["in its stream", stream, 1],
    ["in another stream", "reservation-2", 0],
  ] as const)("is not written, not even in part: %s", async (_where, into, expected) => {
    story({
      given: "ReservationCreated is stored as version 1 of reservation-1",
      when: `it is appended to ${into} again, between two new events, expecting ${expected}`,
      wanted: "the answer is undefined, and nothing was written, the new events neither",
    });
    const existing = await givenVersion(1);
    const partly = [newEvent(confirmed), ...existing, newEvent(cancelled)];
    const appending = compareAndAppend(database.pool, into, partly, expected);
    expect(await outcomeOf(database.pool, appending)).toEqual({
      answer: "nothing was written",
      events: [v1],
      streams: ["reservation-1 at version 1"],
    });
  });

  it("is not taken for a row that another constraint refuses", async () => {
    story({
      given: "someone gave the table events one more unique index, one_of_a_type",
      when: "an event breaks that rule; its id is new, and the version is as expected",
      wanted: "the database's error (23505, one_of_a_type) is thrown on as it is",
      costs:
        "swallowed, it says 'nothing was written, look why': the writer looks, finds no reason " +
        "and tries for ever. Only events_event_id_key means that the event is stored already",
    });
    await givenVersion(1);
    await database.pool.query("create unique index one_of_a_type on events (type)");
    try {
      const appending = compareAndAppend(database.pool, stream, [newEvent(created)], 1);
      expect(await outcomeOf(database.pool, appending)).toEqual({
        answer: "unique violation: one_of_a_type",
        events: [v1],
        streams: ["reservation-1 at version 1"],
      });
    } finally {
      await database.pool.query("drop index one_of_a_type");
    }
  });
});

describe("two appends at the same time", () => {
  costs("two decisions stand on one version, or a writer is refused who did nothing wrong");
  const byFirst = "reservation-1 v3 ReservationConfirmed";

  it.each([
    [2, "writes nothing"],
    ["no-stream", "writes nothing"],
    ["stream-exists", "goes on"],
    ["any", "goes on"],
  ] as const)(
    "the second waits for the first, then compares: expecting %s it %s",
    async (expected, then) => {
      const goesOn = then === "goes on";
      tellOfRace("reservation-1 is at version 2", 3, expected, goesOn);
      await givenVersion(2);
      const outcome = await whileFirstAppends(2, expected);
      const behind = ["reservation-1 v4 StayChanged", "reservation-1 v5 ReservationCancelled"];
      expect(outcome).toEqual({
        answer: goesOn ? "written, up to version 5" : "nothing was written",
        events: [v1, v2, byFirst, ...(goesOn ? behind : [])],
        streams: [`reservation-1 at version ${goesOn ? 5 : 3}`],
      });
    },
  );

  it.each([
    [0, "writes nothing"],
    ["no-stream", "writes nothing"],
    ["any", "goes on"],
  ] as const)("both start the stream: expecting %s the second %s", async (expected, then) => {
    const goesOn = then === "goes on";
    tellOfRace("there is no stream", 1, expected, goesOn);
    const outcome = await whileFirstAppends(0, expected);
    const behind = ["reservation-1 v2 StayChanged", "reservation-1 v3 ReservationCancelled"];
    expect(outcome).toEqual({
      answer: goesOn ? "written, up to version 3" : "nothing was written",
      events: ["reservation-1 v1 ReservationConfirmed", ...(goesOn ? behind : [])],
      streams: [`reservation-1 at version ${goesOn ? 3 : 1}`],
    });
  });

  function tellOfRace(
    given: string,
    version: number,
    expected: ExpectedVersion,
    goesOn: boolean,
  ): void {
    story({
      given: `${given}; the first writer has appended version ${version}, and not committed yet`,
      when: `yours begins, expecting ${expected}, and then the first one commits`,
      wanted:
        `it waits on the row of streams, compares with version ${version}, and ` +
        (goesOn ? "writes behind it" : "writes nothing"),
      costs:
        "a check that is no part of that update looks before the wait, so both writers pass it: " +
        (goesOn
          ? "the second one is refused, although any version would do"
          : "the booking is confirmed and cancelled, at one version"),
    });
  }

  /** Appends to the stream while another transaction has appended one event, and not committed yet. */
  async function whileFirstAppends(at: number, expected: ExpectedVersion) {
    const first: pg.PoolClient = await database.setUpPool.connect();
    try {
      await first.query("begin");
      await referenceAppend(first, stream, [newEvent(confirmed)], at);
      const second = compareAndAppend(database.pool, stream, batch, expected);
      await blockedOrDone(database.pool, second);
      await first.query("commit");
      return await outcomeOf(database.pool, second);
    } finally {
      await first.query("rollback");
      first.release();
    }
  }
});

describe("the statement of an append", () => {
  costs("each booking waits for the network once more, and the hotel's Friday evening is slow");

  it("takes one round trip", async () => {
    story({
      when: "a batch of two events is appended",
      wanted: "one statement goes to the database, and one answer comes back",
      costs:
        "between two statements there is room for another writer, and for a crash that leaves half; " +
        "and each further one is a wait on the network",
    });
    const { db, queries } = watched(database.pool);
    await compareAndAppend(db, stream, batch, "no-stream");
    expect({ "statements sent": queries.length }).toEqual({ "statements sent": 1 });
  });

  it("is planned once: its statement has a name", async () => {
    story({
      when: "two batches of one event are appended, one after the other",
      wanted: "both queries carry the same name: db.query({ name, text, values })",
      costs:
        "without a name the server parses and plans the statement for every append; with a new " +
        "name each time it also keeps every plan, on every connection",
    });
    const { db, queries } = watched(database.pool);
    await givenVersion(1);
    await compareAndAppend(db, stream, [newEvent(confirmed)], 1);
    await compareAndAppend(db, stream, [newEvent(cancelled)], 2);
    const names = queries.map((query) => Reflect.get(Object(query), "name") ?? "no name");
    const name = names[0] === "no name" ? "a name" : names[0];
    expect(names, "the names of the two queries").toEqual([name, name]);
  });
});

/** Brings the stream to this version, by appends of one event, which are returned. */
async function givenVersion(version: number) {
  const events = [created, confirmed].slice(0, version).map((event) => newEvent(event));
  for (const [index, event] of events.entries()) {
    await referenceAppend(database.setUpPool, stream, [event], index);
  }
  return events;
}
