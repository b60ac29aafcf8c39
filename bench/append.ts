/** Appends by step 04 beside bare INSERTs into the same table, and a hot stream beside insert-and-retry. */

import { randomUUID } from "node:crypto";
import type pg from "pg";
import { ConcurrencyConflict } from "../shared/kernel/errors.ts";
import type { NewEvent } from "../shared/kernel/event.ts";
import { appendToStream } from "../solutions/04-concurrency/event-store.ts";
import { isUniqueViolation } from "../solutions/04-concurrency/unique-violation.ts";
import { interleaved, type Variant } from "./measure.ts";
import { printTable } from "./table.ts";
import { withEventStore } from "./with-event-store.ts";

/** Appends at a version that the client gives. */
type Append = (streamId: string, events: readonly NewEvent[], version: number) => Promise<unknown>;

export function benchAppends(): Promise<void> {
  return withEventStore(async (pool) => {
    const reference: Append = (streamId, events, version) =>
      appendToStream(pool, streamId, events, version);
    const bare: Append = (streamId, events, version) => insert(pool, streamId, events, version);
    const both = (writers: number, batch: number, slices: number): Variant[] => [
      { name: "bare INSERT", run: writing(bare, writers, batch, slices) },
      { name: "step 04", run: writing(reference, writers, batch, slices) },
    ];
    printTable("append, one writer", await interleaved(21, both(1, 1, 200)), 0.9);
    printTable("append, ten writers, own streams", await interleaved(21, both(10, 1, 60)), 0.85);
    printTable("append, one writer, batches of ten", await interleaved(21, both(1, 10, 60)), 0.8);
    const hot = [
      { name: "insert and retry", run: () => racing(pool, insertAndRetry) },
      { name: "step 04", run: () => racing(pool, appendAndRetry) },
    ];
    printTable("append, ten writers, one stream", await interleaved(9, hot), 3);
  });
}

/** Writers that go on and on, each in a stream of its own; 200 events make a stream. */
function writing(append: Append, writers: number, batch: number, appends: number) {
  const streams = Array.from({ length: writers }, () => ({ id: randomUUID(), version: 0 }));
  return async (): Promise<number> => {
    const write = async (stream: { id: string; version: number }): Promise<void> => {
      for (let count = 0; count < appends; count++) {
        if (stream.version >= 200) Object.assign(stream, { id: randomUUID(), version: 0 });
        await append(stream.id, Array.from({ length: batch }, newEvent), stream.version);
        stream.version += batch;
      }
    };
    await Promise.all(streams.map(write));
    return writers * appends;
  };
}

/** What is measured against: no name, so planned each time; one row or several. */
async function insert(
  pool: pg.Pool,
  streamId: string,
  events: readonly NewEvent[],
  version: number,
): Promise<void> {
  const values: unknown[] = [];
  const rows = events.map((event, index) => {
    const { id, type, schemaVersion, data, metadata } = event;
    const [from, at] = [values.length, version + index + 1];
    values.push(id, streamId, at, type, schemaVersion);
    values.push(JSON.stringify(data), JSON.stringify(metadata));
    return `(${[1, 2, 3, 4, 5, 6, 7].map((column) => `$${from + column}`).join(", ")})`;
  });
  await pool.query(
    `insert into events (event_id, stream_id, version, type, schema_version, data, metadata)
     values ${rows.join(", ")} returning position`,
    values,
  );
}

/** Tries to append one event; returns the version that the stream is at when it was too late. */
type Attempt = (pool: pg.Pool, streamId: string, version: number) => Promise<number | undefined>;

/** Ten writers append ten events each to one new stream; who is late learns the version, and tries again. */
async function racing(pool: pg.Pool, attempt: Attempt): Promise<number> {
  const streamId = randomUUID();
  const write = async (): Promise<void> => {
    let version = 0;
    for (let done = 0; done < 10; ) {
      const actual = await attempt(pool, streamId, version);
      if (actual === undefined) done += 1;
      version = actual ?? version + 1;
    }
  };
  await Promise.all(Array.from({ length: 10 }, write));
  return 100;
}

async function versionOf(pool: pg.Pool, streamId: string): Promise<number> {
  const { rows } = await pool.query<{ version: number }>({
    name: "version-of",
    text: "select coalesce(max(version), 0) as version from events where stream_id = $1",
    values: [streamId],
  });
  return rows[0]?.version ?? 0;
}

const insertAndRetry: Attempt = async (pool, streamId, version) => {
  try {
    await insert(pool, streamId, [newEvent()], version);
    return undefined;
  } catch (error) {
    if (isUniqueViolation(error, "events_stream_id_version_key")) return versionOf(pool, streamId);
    throw error;
  }
};

const appendAndRetry: Attempt = async (pool, streamId, version) => {
  try {
    await appendToStream(pool, streamId, [newEvent()], version);
    return undefined;
  } catch (error) {
    if (error instanceof ConcurrencyConflict) return error.actual;
    throw error;
  }
};

function newEvent(): NewEvent {
  const id = randomUUID();
  return {
    type: "StayChanged",
    data: {
      reservationId: "reservation-1",
      from: { arrival: "2030-05-01", departure: "2030-05-03" },
      to: { arrival: "2030-05-02", departure: "2030-05-04" },
      total: { amount: 24_000, currency: "EUR" },
      changedAt: "2030-04-01T12:00:00.000Z",
    },
    id,
    schemaVersion: 1,
    metadata: { correlationId: id, causationId: id },
  };
}
