import type pg from "pg";
import { describe, expect, it } from "vitest";
import {
  blockedOrDone,
  checkedOut,
  interrupted,
  watched,
} from "../../shared/testing/connections.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { describeEventStore } from "../../shared/testing/event-store-conformance.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { cancelled, confirmed, created } from "../../shared/testing/reservations.ts";
import { appendToStream as referenceAppend } from "../../solutions/04-concurrency/event-store.ts";
import { appendToStream, postgresEventStore } from "./event-store.ts";

const database = useDatabase(4);
const stream = "reservation-1";

describe("a conflict", () => {
  it("says what was expected and what is, and stores nothing", async () => {
    await referenceAppend(database.pool, stream, [newEvent(created), newEvent(confirmed)], 0);
    const late = appendToStream(database.pool, stream, [newEvent(cancelled)], 1);
    const conflict = { name: "ConcurrencyConflict", streamId: stream, expected: 1, actual: 2 };
    await expect(late).rejects.toMatchObject(conflict);
    expect(await count()).toBe(2);
  });

  it("is left to the writer, who has to decide anew: nothing is tried again", async () => {
    await referenceAppend(database.pool, stream, [newEvent(created)], 0);
    const { db, queries } = watched(database.pool);
    const late = appendToStream(db, stream, [newEvent(cancelled)], 0);
    await expect(late).rejects.toMatchObject({ name: "ConcurrencyConflict", actual: 1 });
    expect(queries.length).toBeLessThanOrEqual(2);
  });

  it.each(["stream-exists", 1] as const)(
    "is none when the stream comes to be as expected meanwhile: %s",
    async (expected) => {
      const meanwhile = () => referenceAppend(database.pool, stream, [newEvent(created)], 0);
      const db = interrupted(database.pool, 1, meanwhile);
      const result = await appendToStream(db, stream, [newEvent(confirmed)], expected);
      expect(result).toMatchObject({ version: 2, repeated: false });
      expect(await count()).toBe(2);
    },
  );

  it("leaves no connection behind", async () => {
    const pool = database.newPool({ max: 1, connectionTimeoutMillis: 1_000 });
    await referenceAppend(database.pool, stream, [newEvent(created)], 0);
    const late = appendToStream(pool, stream, [newEvent(cancelled)], 0);
    await expect(late).rejects.toMatchObject({ name: "ConcurrencyConflict" });
    expect(checkedOut(pool)).toBe(0);
  });
});

describe("the same append from two senders at once", () => {
  it.each(["no-stream", "any"] as const)(
    "is stored once, and both hear so: %s",
    async (expected) => {
      const events = [newEvent(created), newEvent(confirmed)];
      const { first, second } = await whileFirstAppends(events, stream, events, expected);
      expect(second).toEqual({ ...first, repeated: true });
      expect(await count()).toBe(2);
    },
  );

  it("is refused in another stream", async () => {
    const events = [newEvent(created)];
    const racing = whileFirstAppends(events, "reservation-2", events, "any");
    const duplicate = { name: "DuplicateEvent", eventId: events[0]?.id };
    await expect(racing).rejects.toMatchObject(duplicate);
    expect(await count()).toBe(1);
  });

  async function whileFirstAppends(
    firstEvents: readonly ReturnType<typeof newEvent>[],
    secondStream: string,
    secondEvents: readonly ReturnType<typeof newEvent>[],
    expected: "no-stream" | "any",
  ) {
    const client: pg.PoolClient = await database.pool.connect();
    try {
      await client.query("begin");
      const first = await referenceAppend(client, stream, firstEvents, 0);
      const appending = appendToStream(database.pool, secondStream, secondEvents, expected);
      await blockedOrDone(database.pool, appending);
      await client.query("commit");
      return { first, second: await appending };
    } finally {
      await client.query("rollback");
      client.release();
    }
  }
});

describe("an event store on PostgreSQL", () => {
  describeEventStore(() => postgresEventStore(database.pool));
});

async function count(): Promise<number> {
  const { rows } = await database.pool.query("select count(*)::integer as count from events");
  return rows[0].count;
}
