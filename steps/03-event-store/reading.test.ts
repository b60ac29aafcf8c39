import { describe, expect, it } from "vitest";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { nameInWords, refusalInWords } from "../../shared/testing/append-outcome.ts";
import { collect } from "../../shared/testing/collect.ts";
import { checkedOut, watched } from "../../shared/testing/connections.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { versionInWords } from "../../shared/testing/in-words.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { cancelled, confirmed, created, stayChanged } from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { appendToStream } from "../../solutions/03-event-store/event-store.ts";
import { readAll, readStream } from "./event-store.ts";

const database = useDatabase(3);

describe("reading a stream", () => {
  costs("a reservation is folded from other events than it has: the desk sees the wrong stay");

  it("returns what was appended, as it was appended", async () => {
    story({
      given: "ReservationCreated with a correlationId, and ReservationConfirmed, are stored",
      when: "reservation-1 is read",
      wanted: "both, as they were appended, with streamId, version, position and recordedAt",
    });
    const events = [newEvent(created, { metadata: { correlationId: "c-1" } }), newEvent(confirmed)];
    const { position } = await appendToStream(database.pool, "reservation-1", events);
    const read = await collect(readStream(database.pool, "reservation-1"));
    expect(read.map(versionInWords), "what was read").toEqual([
      "v1 ReservationCreated",
      "v2 ReservationConfirmed",
    ]);
    expect(read, "each field of what was read").toEqual(
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
    story({
      given: "reservation-1 has versions 1 to 5",
      when: `it is read in pages of ${pageSize}`,
      wanted: "versions 1 to 5, each once: a page begins after the last version of the one before",
      costs: "a StayChanged at the edge of a page is read twice, or never: another bill",
    });
    await givenFiveEvents();
    const read = await collect(readStream(database.pool, "reservation-1", { pageSize }));
    expect(read.map((event) => event.version)).toEqual([1, 2, 3, 4, 5]);
  });

  it("starts at the version that is asked for", async () => {
    story({
      given: "reservation-1 has versions 1 to 5",
      when: "it is read from version 3, in pages of 2",
      wanted: "versions 3, 4 and 5: fromVersion is the first one that is read",
      costs: "who has seen 2 and asks for 3 misses the change of the stay, or applies 2 again",
    });
    await givenFiveEvents();
    const options = { fromVersion: 3, pageSize: 2 };
    const read = await collect(readStream(database.pool, "reservation-1", options));
    expect(read.map((event) => event.version)).toEqual([3, 4, 5]);
  });

  it.each([6, 2 ** 31])("gives no events from version %s, which the stream has not", async (v) => {
    story({
      given: "reservation-1 has versions 1 to 5",
      when: `it is read from version ${v}`,
      wanted: "no events, and no error: `version` is an integer column, the question may be larger",
      costs: "'out of range for type integer' from the database tells the caller nothing",
    });
    await givenFiveEvents();
    const read = await collect(readStream(database.pool, "reservation-1", { fromVersion: v }));
    expect(read.map(versionInWords)).toEqual([]);
  });

  it("reads no other stream, whatever its name is", async () => {
    const name = "reservation-1' or 'a' = 'a";
    story({
      given: "reservation-1 has versions 1 to 5",
      when: `a stream called ${name} is read`,
      wanted: "no events: the name is a value, $1, and never a part of the SQL",
      costs: "with a name like this in the address bar one guest reads the bookings of all others",
    });
    await givenFiveEvents();
    const events = await collect(readStream(database.pool, name));
    expect(events.map(versionInWords)).toEqual([]);
  });

  it("refuses a version, a stream id and a page size that cannot be", async () => {
    story({
      when: "version -1, the stream '', and pages of 0 events are asked for",
      wanted: "InvalidVersion, InvalidStreamId and RangeError: three checks of storable.ts",
      costs: "pages of 0 events never reach the end: the request runs until somebody kills it",
    });
    const reading = (streamId: string, options: object) =>
      refusalOf(readStream(database.pool, streamId, options));
    expect({
      "from version -1": await reading("reservation-1", { fromVersion: -1 }),
      "of no stream": await reading("", {}),
      "in pages of 0": await reading("reservation-1", { pageSize: 0 }),
    }).toEqual({
      "from version -1": "InvalidVersion: -1",
      "of no stream": `InvalidStreamId: ${nameInWords("")}`,
      "in pages of 0": "RangeError",
    });
  });
});

describe("a reader that takes its time", () => {
  costs("one slow report of a long stream, and the bookings of everybody else stand still");

  it("is never more than a page ahead of what it has used", async () => {
    story({
      given: "reservation-1 has versions 1 to 5",
      when: "it is read in pages of 2, one event after the other",
      wanted: "the next page is asked for only when the one before is used up",
      costs: "a stream of 100,000 events is in memory as a whole, once for each request",
    });
    await givenFiveEvents();
    const { db, rowsRead } = watched(database.pool);
    let used = 0;
    for await (const event of readStream(db, "reservation-1", { pageSize: 2 })) {
      const ahead = rowsRead() - used;
      expect(ahead, `events fetched and not yet used, before v${event.version} is`).toBeLessThan(3);
      used = event.version;
    }
    expect(used, "the last version that was read").toBe(5);
  });

  it("keeps no connection from others", async () => {
    story({
      given: "a pool of one connection; reservation-1 has versions 1 to 5",
      when: "another query needs a connection while the stream is being read",
      wanted: "it gets it: db.query() for each page holds nothing between two pages",
    });
    await givenFiveEvents();
    const pool = database.newPool({ max: 1, connectionTimeoutMillis: 1_000 });
    for await (const event of readStream(pool, "reservation-1", { pageSize: 2 })) {
      const { rows } = await pool.query("select $1::integer as version", [event.version]);
      expect(rows, "the other query's answer").toEqual([{ version: event.version }]);
    }
  });

  it("may stop early", async () => {
    story({
      given: "a pool of one connection; reservation-1 has versions 1 to 5",
      when: "two readers take the first event each, and stop",
      wanted: "both get version 1, and no connection stays behind",
      costs:
        "each search that stops at its first hit keeps a connection: ten of them, and it is over",
    });
    await givenFiveEvents();
    const pool = database.newPool({ max: 1, connectionTimeoutMillis: 1_000 });
    for (let reader = 0; reader < 2; reader++) {
      for await (const event of readStream(pool, "reservation-1", { pageSize: 2 })) {
        expect(event.version, "the first version that is read").toBe(1);
        break;
      }
      expect(checkedOut(pool), `connections kept, after reader ${reader + 1}`).toBe(0);
    }
  });
});

describe("reading all streams", () => {
  costs("the read model, which is built from this, misses a booking or counts it twice");

  it.each([1, 2, 3, 4, 5])("in pages of %s goes by position", async (pageSize) => {
    story({
      given: threeAppends,
      when: `all streams are read, in pages of ${pageSize}`,
      wanted: "the four events as they were appended, by position and not by stream",
    });
    await givenThreeAppends();
    const read = await collect(readAll(database.pool, { pageSize }));
    expect(read.map(placeOf)).toEqual([
      "v1 of reservation-2",
      "v1 of reservation-1",
      "v2 of reservation-1",
      "v2 of reservation-2",
    ]);
  });

  it("goes by position, however the rows lie on the disk", async () => {
    story({
      given: "three events whose rows were written in the order of the positions 30, 10, 20",
      when: "all streams are read",
      wanted: "10, 20, 30: without `order by` the database gives rows as it finds them",
      costs: "after the next `vacuum full` or restore the read model is built in another order",
    });
    for (const position of [30, 10, 20]) {
      await database.pool.query(
        `insert into events (position, event_id, stream_id, version, type, schema_version, data, metadata)
         overriding system value
         values ($1::integer, gen_random_uuid(), 'reservation-' || $1::integer, 1, 'A', 1, '{}', '{}')`,
        [position],
      );
    }
    const read = await collect(readAll(database.pool));
    expect(read.map(({ position }) => `${position}`)).toEqual(["10", "20", "30"]);
  });

  it("goes on after a position", async () => {
    story({
      given: threeAppends,
      when: "all streams are read after the position of the second event, in pages of 1",
      wanted: "the third and the fourth: what is at the position itself was seen already",
    });
    const position = await givenThreeAppends();
    const read = await collect(readAll(database.pool, { after: position, pageSize: 1 }));
    expect(read.map(placeOf)).toEqual(["v2 of reservation-1", "v2 of reservation-2"]);
  });

  it("tells neighbours apart beyond 2^53, where numbers no longer do", async () => {
    story({
      given: "four events at the positions from 9007199254740993 on",
      when: "all streams are read in pages of 1",
      wanted: "all four, each once: a position stays a bigint, Number() would round it",
      costs: "in a store that has come so far every second event is read twice, or never",
    });
    await database.pool.query(
      "alter table events alter column position restart with 9007199254740993",
    );
    await givenThreeAppends();
    const read = await collect(readAll(database.pool, { pageSize: 1 }));
    expect(read.map(({ position }) => `${position}`)).toEqual([
      "9007199254740993",
      "9007199254740994",
      "9007199254740995",
      "9007199254740996",
    ]);
  });

  it("is never more than a page ahead, and may stop early", async () => {
    story({
      given: "a pool of one connection, and five events",
      when: "all streams are read in pages of 2, up to the third event",
      wanted: "the third page is never asked for, and no connection stays behind",
      costs: "the whole store is in memory, to read its first three events",
    });
    await givenFiveEvents();
    const pool = database.newPool({ max: 1, connectionTimeoutMillis: 1_000 });
    const { db, rowsRead } = watched(pool);
    for await (const event of readAll(db, { pageSize: 2 })) {
      const pages = Math.ceil(event.version / 2);
      const told = `events fetched by the time that v${event.version} is used`;
      expect(rowsRead(), told).toBeLessThanOrEqual(2 * pages);
      if (event.version === 3) break;
    }
    expect(checkedOut(pool), "connections kept").toBe(0);
  });
});

async function givenFiveEvents(): Promise<void> {
  const events = [created, stayChanged, stayChanged, confirmed, cancelled];
  await appendToStream(
    database.pool,
    "reservation-1",
    events.map((event) => newEvent(event)),
  );
}

const threeAppends =
  "v1 of reservation-2, then v1 and v2 of reservation-1, then v2 of reservation-2 were appended";

/** Returns the position of the second of four events. */
async function givenThreeAppends(): Promise<bigint> {
  await appendToStream(database.pool, "reservation-2", [newEvent(created)]);
  const batch = [newEvent(created), newEvent(confirmed)];
  const { position } = await appendToStream(database.pool, "reservation-1", batch);
  await appendToStream(database.pool, "reservation-2", [newEvent(confirmed)]);
  return position - 1n;
}

function placeOf({ version, streamId }: EventEnvelope): string {
  return `v${version} of ${streamId}`;
}

/** What a reader is refused with; how much it got where it is not. */
async function refusalOf(reading: AsyncIterable<EventEnvelope>): Promise<string> {
  try {
    return `not refused: ${(await collect(reading)).length} events were read`;
  } catch (error) {
    return error instanceof RangeError ? "RangeError" : refusalInWords(error);
  }
}
