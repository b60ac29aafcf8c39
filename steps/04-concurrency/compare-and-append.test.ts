import type pg from "pg";
import { describe, expect, it } from "vitest";
import type { ExpectedVersion } from "../../shared/kernel/event-store.ts";
import { blockedOrDone, watched } from "../../shared/testing/connections.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { cancelled, confirmed, created, stayChanged } from "../../shared/testing/reservations.ts";
import { compareAndAppend as referenceAppend } from "../../solutions/04-concurrency/compare-and-append.ts";
import { compareAndAppend } from "./compare-and-append.ts";

const database = useDatabase(4);
const stream = "reservation-1";
const batch = [newEvent(stayChanged), newEvent(cancelled)];

describe("an append at the version it has read", () => {
  it("writes the whole batch, in order, and moves the stream", async () => {
    await givenVersion(2);
    const result = await compareAndAppend(database.pool, stream, batch, 2);
    const rows = await stored();
    expect(rows.slice(2).map(({ event_id, version, type }) => [event_id, version, type])).toEqual([
      [batch[0]?.id, 3, "StayChanged"],
      [batch[1]?.id, 4, "ReservationCancelled"],
    ]);
    const position = BigInt(rows[3]?.position ?? 0);
    expect(result).toEqual({ streamId: stream, version: 4, position, repeated: false });
    expect(await streamVersion()).toBe(4);
  });

  it("starts a stream, and leaves the others alone", async () => {
    await givenVersion(2);
    const result = await compareAndAppend(database.pool, "reservation-2", batch, 0);
    expect(result).toMatchObject({ streamId: "reservation-2", version: 2 });
    expect(await streamVersion()).toBe(2);
  });

  it("takes one round trip, with a named statement", async () => {
    const { db, queries } = watched(database.pool);
    await compareAndAppend(db, stream, batch, "no-stream");
    await compareAndAppend(db, stream, [newEvent(confirmed)], 2);
    const named = expect.objectContaining({ name: expect.any(String) });
    expect(queries).toEqual([named, named]);
    expect(await stored()).toHaveLength(3);
  });
});

describe("an append that comes too late", () => {
  it.each([
    ["a version that has passed", 1],
    ["a version that has not come", 3],
    ["0", 0],
    ["no-stream", "no-stream"],
  ] as const)("writes nothing when it expects %s", async (_what, expected) => {
    await givenVersion(2);
    expect(await compareAndAppend(database.pool, stream, batch, expected)).toBeUndefined();
    expect(await stored()).toHaveLength(2);
    expect(await streamVersion()).toBe(2);
  });

  it.each(["stream-exists", 1] as const)(
    "starts no stream when it expects %s",
    async (expected) => {
      expect(await compareAndAppend(database.pool, stream, batch, expected)).toBeUndefined();
      expect(await stored()).toEqual([]);
      expect(await streamVersion()).toBeUndefined();
    },
  );

  it.each(["stream-exists", "any"] as const)(
    "is not too late when it expects %s",
    async (expected) => {
      await givenVersion(2);
      expect(await compareAndAppend(database.pool, stream, batch, expected)).toMatchObject({
        version: 4,
      });
      expect(await streamVersion()).toBe(4);
    },
  );
});

describe("a batch with an event that is stored already", () => {
  it("is not written, not even in part", async () => {
    const [existing] = await givenVersion(1);
    const partly = [newEvent(confirmed), ...existing, newEvent(cancelled)];
    expect(await compareAndAppend(database.pool, stream, partly, 1)).toBeUndefined();
    expect(await compareAndAppend(database.pool, "reservation-2", partly, 0)).toBeUndefined();
    expect(await stored()).toHaveLength(1);
    expect(await streamVersion()).toBe(1);
  });

  it("is not taken for a row that another constraint refuses", async () => {
    await givenVersion(1);
    await database.pool.query("create unique index one_of_a_type on events (type)");
    try {
      const appending = compareAndAppend(database.pool, stream, [newEvent(created)], 1);
      const refused = { code: "23505", constraint: "one_of_a_type" };
      await expect(appending).rejects.toMatchObject(refused);
    } finally {
      await database.pool.query("drop index one_of_a_type");
    }
  });
});

describe("two appends at the same time", () => {
  it.each([
    [2, undefined],
    ["stream-exists", { version: 5 }],
    ["any", { version: 5 }],
    ["no-stream", undefined],
  ] as const)("the second waits for the first, then compares: %s", async (expected, result) => {
    await givenVersion(2);
    const second = await whileFirstAppends(2, expected);
    if (result) expect(second).toMatchObject(result);
    else expect(second).toBeUndefined();
    expect(await stored()).toHaveLength(result ? 5 : 3);
    expect(await streamVersion()).toBe(result ? 5 : 3);
  });

  it.each([
    ["any", { version: 3 }],
    ["no-stream", undefined],
    [0, undefined],
  ] as const)("both start the stream: %s", async (expected, result) => {
    const second = await whileFirstAppends(0, expected);
    if (result) expect(second).toMatchObject(result);
    else expect(second).toBeUndefined();
    expect(await stored()).toHaveLength(result ? 3 : 1);
  });

  /** Appends to the stream while another transaction has appended one event, and not committed yet. */
  async function whileFirstAppends(at: number, expected: ExpectedVersion) {
    const first: pg.PoolClient = await database.pool.connect();
    try {
      await first.query("begin");
      await referenceAppend(first, stream, [newEvent(confirmed)], at);
      const second = compareAndAppend(database.pool, stream, batch, expected);
      await blockedOrDone(database.pool, second);
      await first.query("commit");
      return await second;
    } finally {
      await first.query("rollback");
      first.release();
    }
  }
});

/** Brings the stream to this version, by appends of one event, which are returned. */
async function givenVersion(version: number) {
  const batches = [created, confirmed].slice(0, version).map((event) => [newEvent(event)]);
  for (const [index, events] of batches.entries()) {
    await referenceAppend(database.pool, stream, events, index);
  }
  return [batches.flat()] as const;
}

async function stored() {
  const { rows } = await database.pool.query("select * from events order by stream_id, version");
  return rows;
}

async function streamVersion(): Promise<number | undefined> {
  const { rows } = await database.pool.query("select version from streams where stream_id = $1", [
    stream,
  ]);
  return rows[0]?.version;
}
