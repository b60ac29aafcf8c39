import { describe, expect, it } from "vitest";
import { collect } from "../../shared/testing/collect.ts";
import { checkedOut, restless, watched } from "../../shared/testing/connections.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { cancelled, confirmed, created, stayChanged } from "../../shared/testing/reservations.ts";
import { story } from "../../shared/testing/story.ts";
import { appendToStream as referenceAppend } from "../../solutions/03-event-store/event-store.ts";
import { appendToStream, readAll, readStream } from "./event-store.ts";

const database = useDatabase(3);

describe("an append", () => {
  it("puts a batch at the end of its stream, in order", async () => {
    await appendToStream(database.pool, "reservation-1", [newEvent(created)]);
    await appendToStream(database.pool, "reservation-2", [newEvent(created)]);
    const batch = [newEvent(stayChanged), newEvent(confirmed), newEvent(cancelled)];
    const result = await appendToStream(database.pool, "reservation-1", batch);
    const rows = await stored("reservation-1");
    expect(rows.map(({ version, type }) => [version, type])).toEqual([
      [1, "ReservationCreated"],
      [2, "StayChanged"],
      [3, "ReservationConfirmed"],
      [4, "ReservationCancelled"],
    ]);
    const position = BigInt(rows[3]?.position ?? 0);
    expect(result).toEqual({ streamId: "reservation-1", version: 4, position, repeated: false });
    const positions = rows.map((row) => Number(row.position));
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
  });

  it("keeps every field of an event", async () => {
    const event = newEvent(created, { schemaVersion: 2, metadata: { correlationId: "c-1" } });
    await appendToStream(database.pool, "reservation-1", [event]);
    expect(await stored("reservation-1")).toMatchObject([
      {
        event_id: event.id,
        version: 1,
        type: "ReservationCreated",
        schema_version: 2,
        data: created.data,
        metadata: { correlationId: "c-1" },
      },
    ]);
  });

  it("takes text as it is, with quotes and all", async () => {
    const name = "o'hara'); drop table events; --";
    const data = { text: `it's "quoted" \\ $1 ${name}` };
    await appendToStream(database.pool, name, [newEvent({ type: name, data })]);
    expect(await stored(name)).toMatchObject([{ stream_id: name, type: name, data }]);
  });

  it("says the position exactly, also beyond 2^53", async () => {
    await database.pool.query(
      "alter table events alter column position restart with 9007199254740993",
    );
    const result = await appendToStream(database.pool, "reservation-1", [newEvent(created)]);
    expect(result.position).toBe(9007199254740993n);
  });
});

describe("an append that fails", () => {
  it("leaves nothing of its batch, on a server with many connections", async () => {
    const existing = newEvent(created);
    await referenceAppend(database.pool, "reservation-1", [existing]);
    const batch = [newEvent(stayChanged), newEvent(confirmed), existing];
    const busy = await restless(database.pool);
    try {
      const failing = appendToStream(busy.pool, "reservation-2", batch);
      await expect(failing).rejects.toMatchObject({ code: "23505" });
    } finally {
      await busy.end();
    }
    expect(await stored("reservation-2")).toEqual([]);
  });

  it("gives its connection back, ready for the next", async () => {
    const pool = database.newPool({ max: 1, connectionTimeoutMillis: 1_000 });
    const existing = newEvent(created);
    await referenceAppend(database.pool, "reservation-1", [existing]);
    for (let attempt = 0; attempt < 2; attempt++) {
      const failing = appendToStream(pool, "reservation-2", [existing]);
      await expect(failing).rejects.toMatchObject({ code: "23505" });
      expect(checkedOut(pool)).toBe(0);
    }
    await appendToStream(pool, "reservation-2", [newEvent(created)]);
    expect(await stored("reservation-2")).toHaveLength(1);
  });

  it("is not even begun with a value that cannot be kept", async () => {
    const lossy = newEvent({ type: "ReservationCreated", data: { total: Number.NaN } });
    const refused = appendToStream(database.pool, "reservation-1", [newEvent(created), lossy]);
    await expect(refused).rejects.toMatchObject({ name: "InvalidEvent", path: "data.total" });
    expect(await stored("reservation-1")).toEqual([]);
  });

  it("is not even begun without events, or without a stream", async () => {
    const empty = appendToStream(database.pool, "reservation-1", []);
    await expect(empty).rejects.toMatchObject({ name: "InvalidEvent", path: "events" });
    const nowhere = appendToStream(database.pool, "", [newEvent(created)]);
    await expect(nowhere).rejects.toMatchObject({ name: "InvalidStreamId", streamId: "" });
  });
});

describe("reading a stream", () => {
  it("returns what was appended, as it was appended", async () => {
    const events = [newEvent(created, { metadata: { correlationId: "c-1" } }), newEvent(confirmed)];
    const { position } = await referenceAppend(database.pool, "reservation-1", events);
    const read = await collect(readStream(database.pool, "reservation-1"));
    expect(read).toEqual(
      events.map((event, index) => ({
        ...event,
        streamId: "reservation-1",
        version: index + 1,
        position: position - 1n + BigInt(index),
        recordedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      })),
    );
  });

  it.each([1, 2, 3, 5, 6])("in pages of %s reads each event once", async (pageSize) => {
    await givenFiveEvents();
    const read = await collect(readStream(database.pool, "reservation-1", { pageSize }));
    expect(read.map((event) => event.version)).toEqual([1, 2, 3, 4, 5]);
  });

  it("starts at the version that is asked for", async () => {
    await givenFiveEvents();
    const options = { fromVersion: 3, pageSize: 2 };
    const read = await collect(readStream(database.pool, "reservation-1", options));
    expect(read.map((event) => event.version)).toEqual([3, 4, 5]);
  });

  it.each([6, 2 ** 31])("gives no events from version %s, which the stream has not", async (v) => {
    await givenFiveEvents();
    story({
      given: "reservation-1 has versions 1 to 5",
      when: `it is read from version ${v}`,
      wanted: "no events; a number beyond the column's range is a bigint in the query: $2::bigint",
      costs: "'out of range for type integer' from the database tells the caller nothing",
    });
    const read = collect(readStream(database.pool, "reservation-1", { fromVersion: v }));
    await expect(read).resolves.toEqual([]);
  });

  it("reads no other stream, whatever its name is", async () => {
    await givenFiveEvents();
    const events = await collect(readStream(database.pool, "reservation-1' or 'a' = 'a"));
    expect(events).toEqual([]);
  });

  it("refuses a version, a stream id and a page size that cannot be", async () => {
    const reading = (streamId: string, options: object) =>
      collect(readStream(database.pool, streamId, options));
    const version = { name: "InvalidVersion", version: -1 };
    await expect(reading("reservation-1", { fromVersion: -1 })).rejects.toMatchObject(version);
    await expect(reading("", {})).rejects.toMatchObject({ name: "InvalidStreamId" });
    const none = { pageSize: 0 };
    await expect(reading("reservation-1", none)).rejects.toMatchObject({ name: "RangeError" });
  });
});

describe("a reader that takes its time", () => {
  it("is never more than a page ahead of what it has used", async () => {
    await givenFiveEvents();
    const { db, rowsRead } = watched(database.pool);
    let used = 0;
    for await (const event of readStream(db, "reservation-1", { pageSize: 2 })) {
      expect(rowsRead() - used).toBeLessThanOrEqual(2);
      used = event.version;
    }
    expect(used).toBe(5);
  });

  it("keeps no connection from others", async () => {
    await givenFiveEvents();
    const pool = database.newPool({ max: 1, connectionTimeoutMillis: 1_000 });
    for await (const event of readStream(pool, "reservation-1", { pageSize: 2 })) {
      const { rows } = await pool.query("select $1::integer as version", [event.version]);
      expect(rows).toEqual([{ version: event.version }]);
    }
  });

  it("may stop early", async () => {
    await givenFiveEvents();
    const pool = database.newPool({ max: 1, connectionTimeoutMillis: 1_000 });
    for (let reader = 0; reader < 2; reader++) {
      for await (const event of readStream(pool, "reservation-1", { pageSize: 2 })) {
        expect(event.version).toBe(1);
        break;
      }
      expect(checkedOut(pool)).toBe(0);
    }
  });
});

describe("reading all streams", () => {
  it.each([1, 2, 3, 4, 5])("in pages of %s goes by position", async (pageSize) => {
    await givenThreeAppends();
    const read = await collect(readAll(database.pool, { pageSize }));
    expect(read.map(({ streamId, version }) => [streamId, version])).toEqual([
      ["reservation-2", 1],
      ["reservation-1", 1],
      ["reservation-1", 2],
      ["reservation-2", 2],
    ]);
  });

  it("goes on after a position", async () => {
    const position = await givenThreeAppends();
    const read = await collect(readAll(database.pool, { after: position, pageSize: 1 }));
    expect(read.map(({ streamId, version }) => [streamId, version])).toEqual([
      ["reservation-1", 2],
      ["reservation-2", 2],
    ]);
  });

  it("tells neighbours apart beyond 2^53, where numbers no longer do", async () => {
    await database.pool.query(
      "alter table events alter column position restart with 9007199254740993",
    );
    await givenThreeAppends();
    const read = await collect(readAll(database.pool, { pageSize: 1 }));
    expect(read.map((event) => event.position - 9007199254740993n)).toEqual([0n, 1n, 2n, 3n]);
  });

  it("is never more than a page ahead, and may stop early", async () => {
    await givenFiveEvents();
    const pool = database.newPool({ max: 1, connectionTimeoutMillis: 1_000 });
    const { db, rowsRead } = watched(pool);
    for await (const event of readAll(db, { pageSize: 2 })) {
      expect(rowsRead()).toBeLessThanOrEqual(event.version < 3 ? 2 : 4);
      if (event.version === 3) break;
    }
    expect(checkedOut(pool)).toBe(0);
  });
});

async function givenFiveEvents(): Promise<void> {
  const events = [created, stayChanged, stayChanged, confirmed, cancelled];
  await referenceAppend(
    database.pool,
    "reservation-1",
    events.map((event) => newEvent(event)),
  );
}

/** Returns the position of the second of four events. */
async function givenThreeAppends(): Promise<bigint> {
  await referenceAppend(database.pool, "reservation-2", [newEvent(created)]);
  const batch = [newEvent(created), newEvent(confirmed)];
  const { position } = await referenceAppend(database.pool, "reservation-1", batch);
  await referenceAppend(database.pool, "reservation-2", [newEvent(confirmed)]);
  return position - 1n;
}

/** The rows of a stream, by version. */
async function stored(streamId: string) {
  const { rows } = await database.pool.query(
    "select * from events where stream_id = $1 order by version",
    [streamId],
  );
  return rows;
}
