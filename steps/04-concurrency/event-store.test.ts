import type pg from "pg";
import { describe, expect, it } from "vitest";
import type { NewEvent } from "../../shared/kernel/event.ts";
import { answerTo, outcomeOf } from "../../shared/testing/append-outcome.ts";
import {
  blockedOrDone,
  checkedOut,
  interrupted,
  unlessEndless,
  watched,
} from "../../shared/testing/connections.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { describeEventStore } from "../../shared/testing/event-store-conformance.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { cancelled, confirmed, created } from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { appendToStream as referenceAppend } from "../../solutions/04-concurrency/event-store.ts";
import { appendToStream, postgresEventStore } from "./event-store.ts";

const database = useDatabase(4);
const stream = "reservation-1";

const [v1, v2] = ["reservation-1 v1 ReservationCreated", "reservation-1 v2 ReservationConfirmed"];
const atVersion2 = { events: [v1, v2], streams: ["reservation-1 at version 2"] };

describe("a conflict", () => {
  costs("a writer who came too late is not told so, and the guest arrives at 23:40");

  it("says what was expected and what is, and stores nothing", async () => {
    story({
      given: "reservation-1 is at version 2: someone has confirmed it",
      when: "the guest, who has read version 1, cancels it",
      wanted: "a ConcurrencyConflict is thrown, with what was expected and what is",
      costs:
        "written all the same, the stream says confirmed and cancelled, and the guest arrives " +
        "at 23:40; swallowed, the guest believes that the booking is cancelled",
    });
    await referenceAppend(database.setUpPool, stream, [newEvent(created), newEvent(confirmed)], 0);
    const late = appendToStream(unlessEndless(database.pool), stream, [newEvent(cancelled)], 1);
    expect(await outcomeOf(database.pool, late)).toEqual({
      answer: "ConcurrencyConflict: reservation-1 is at 2, expected was 1",
      ...atVersion2,
    });
  });

  it("is left to the writer, who has to decide anew: nothing is tried again", async () => {
    story({
      given: "reservation-1 is at version 1",
      when: "an append expects 0",
      wanted: "one statement tries, one asks why it wrote nothing, and the conflict is thrown",
      costs:
        "the same events at the next version were decided without the fact that came first: the " +
        "repair that made 1,900 wrong streams out of 212",
    });
    await referenceAppend(database.setUpPool, stream, [newEvent(created)], 0);
    const { db, queries } = watched(database.pool);
    const answer = await answerTo(appendToStream(db, stream, [newEvent(cancelled)], 0));
    expect(answer).toBe("ConcurrencyConflict: reservation-1 is at 1, expected was 0");
    expect(queries.length, "statements sent").toBeLessThanOrEqual(2);
  });

  it("is not looked for before something is in the way", async () => {
    story({
      given: "reservation-1 is at version 1",
      when: "an append expects 1",
      wanted: "one statement writes it, and no other is sent",
      costs:
        "a question before the append takes as long as the append, and its answer may be old " +
        "by the time that the append comes",
    });
    await referenceAppend(database.setUpPool, stream, [newEvent(created)], 0);
    const { db, queries } = watched(database.pool);
    const answer = await answerTo(appendToStream(db, stream, [newEvent(confirmed)], 1));
    expect({ answer, "statements sent": queries.length }).toEqual({
      answer: "written, up to version 2",
      "statements sent": 1,
    });
  });

  it.each(["stream-exists", 1] as const)(
    "is none when the stream comes to be as expected meanwhile: %s",
    async (expected) => {
      story({
        given: `there is no stream, and your first statement, expecting ${expected}, wrote nothing`,
        when: "another writer starts the stream, before your second statement asks why",
        wanted: "the stream is as expected now, so the append is tried again, and written",
        costs:
          "a conflict that says 'is at 1, expected was 1' helps nobody: the writer loads the " +
          "stream, finds what he knew and decides the same",
      });
      const meanwhile = () => referenceAppend(database.setUpPool, stream, [newEvent(created)], 0);
      const db = interrupted(database.pool, 1, meanwhile);
      const appending = appendToStream(db, stream, [newEvent(confirmed)], expected);
      const outcome = await outcomeOf(database.pool, appending);
      expect(outcome).toEqual({ answer: "written, up to version 2", ...atVersion2 });
    },
  );

  it("is one again when the stream moves on meanwhile", async () => {
    story({
      given: "the stream came to be at the expected version 1 after your first statement",
      when: "it moves on to version 2 before your append is tried again",
      wanted: "a ConcurrencyConflict with what is now: at 2, expected was 1",
      costs: "a conflict with the version of a moment ago says 'is at 1, expected was 1'",
    });
    const start = () => referenceAppend(database.setUpPool, stream, [newEvent(created)], 0);
    const goOn = () => referenceAppend(database.setUpPool, stream, [newEvent(confirmed)], 1);
    const db = interrupted(interrupted(database.pool, 1, start), 2, goOn);
    const appending = appendToStream(db, stream, [newEvent(cancelled)], 1);
    expect(await outcomeOf(database.pool, appending)).toEqual({
      answer: "ConcurrencyConflict: reservation-1 is at 2, expected was 1",
      ...atVersion2,
    });
  });

  it("leaves no connection behind", async () => {
    story({
      given: "a pool of one connection; reservation-1 is at version 1",
      when: "an append expects 0",
      wanted: "a ConcurrencyConflict is thrown, and the pool has its connection again",
      costs: "after ten conflicts the pool is empty, and no guest can book until a restart",
    });
    const pool = database.newPool({ max: 1, connectionTimeoutMillis: 1_000 });
    await referenceAppend(database.setUpPool, stream, [newEvent(created)], 0);
    const answer = await answerTo(appendToStream(pool, stream, [newEvent(cancelled)], 0));
    expect({ answer, "connections kept": checkedOut(pool) }).toEqual({
      answer: "ConcurrencyConflict: reservation-1 is at 1, expected was 0",
      "connections kept": 0,
    });
  });
});

describe("the same append from two senders at once", () => {
  costs("the impatient guest presses the button twice, and has two stays and two bills");

  it.each(["no-stream", "any"] as const)(
    "is stored once, and both hear so: %s",
    async (expected) => {
      story({
        given: "a writer heard no answer, while its append of two events was under way",
        when: `it sends the same two again, expecting ${expected}`,
        wanted: "the second answer is that of the first, with repeated: true",
        costs:
          "told of a conflict, the writer decides anew what is done already: a second stay, a " +
          "second charge. What was expected does not matter once the events are stored",
      });
      const events = [newEvent(created), newEvent(confirmed)];
      const { first, second } = await whileFirstAppends(events, stream, expected);
      expect(await outcomeOf(database.pool, second)).toEqual({
        answer: "stored before, up to version 2",
        ...atVersion2,
      });
      expect(await second, "the second answer, beside the first").toEqual({
        ...first,
        repeated: true,
      });
    },
  );

  it("is refused in another stream", async () => {
    story({
      given: "ReservationCreated is being appended to reservation-1",
      when: "an event of the same id is appended to reservation-2, expecting any",
      wanted: "a DuplicateEvent with that id is thrown",
      costs: "two bookings under one id: the second guest is told 'stored before' and has no room",
    });
    const events = [newEvent(created)];
    const { second } = await whileFirstAppends(events, "reservation-2", "any");
    expect(await outcomeOf(database.pool, second)).toEqual({
      answer: `DuplicateEvent: ${events[0]?.id}`,
      events: [v1],
      streams: ["reservation-1 at version 1"],
    });
  });

  /** Sends the events to `secondStream` while the same are being appended to the stream, and not committed yet. */
  async function whileFirstAppends(
    events: readonly NewEvent[],
    secondStream: string,
    expected: "no-stream" | "any",
  ) {
    const client: pg.PoolClient = await database.setUpPool.connect();
    try {
      await client.query("begin");
      const first = await referenceAppend(client, stream, events, 0);
      const second = appendToStream(unlessEndless(database.pool), secondStream, events, expected);
      await blockedOrDone(database.pool, second);
      await client.query("commit");
      return { first, second };
    } finally {
      await client.query("rollback");
      client.release();
    }
  }
});

describe("an event store on PostgreSQL", () => {
  describeEventStore(() => postgresEventStore(unlessEndless(database.pool)));
});
