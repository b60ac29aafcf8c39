/** Loads streams of up to 100,000 events from a snapshot five events before the end, beside full replays. */

import type pg from "pg";
import { installSchemas } from "../shared/infrastructure/schemas.ts";
import { postgresEventStore } from "../solutions/04-concurrency/event-store.ts";
import { load } from "../solutions/10-snapshots/load.ts";
import { saveSnapshot } from "../solutions/10-snapshots/snapshots.ts";
import { interleaved, type Variant } from "./measure.ts";
import { longHistory } from "./reservation-history.ts";
import { printTable } from "./table.ts";
import { withEventStore } from "./with-event-store.ts";

const schemaFile = new URL("../solutions/10-snapshots/schema.sql", import.meta.url);
const lengths = [10, 100_000, 1_000] as const;
/** A load of 100,000 events takes a second, and would say no more. */
const replayed = [10, 1_000] as const;
const tail = 5;

export function benchSnapshots(): Promise<void> {
  return withEventStore(async (pool) => {
    await installSchemas(pool, [schemaFile]);
    for (const length of lengths) await fill(pool, withSnapshot(length), length);
    for (const length of replayed) await fill(pool, withoutSnapshot(length), length);
    const variants = [
      ...lengths.map((length) => loading(pool, length, withSnapshot(length), 100)),
      ...replayed.map((length) => loading(pool, length, withoutSnapshot(length), 1_000 / length)),
    ];
    printTable("loads of a stream, with a snapshot", await interleaved(11, variants), 0.9);
  });
}

function withSnapshot(length: number): string {
  return `reservation-${length}-with-a-snapshot`;
}

function withoutSnapshot(length: number): string {
  return `reservation-${length}`;
}

function loading(pool: pg.Pool, length: number, streamId: string, loads: number): Variant {
  const store = postgresEventStore(pool);
  const isFull = streamId === withoutSnapshot(length);
  return {
    name: `${length.toLocaleString("en")} events${isFull ? ", no snapshot" : ""}`,
    async run() {
      for (let count = 0; count < loads; count++) await load(pool, store, streamId);
      return loads;
    },
  };
}

/** Appends the events, and takes a snapshot on the way where the stream is to have one. */
async function fill(pool: pg.Pool, streamId: string, length: number): Promise<void> {
  const store = postgresEventStore(pool);
  const events = longHistory(streamId, length);
  for (let version = 0; version < length - tail; version += 1_000) {
    const batch = events.slice(version, Math.min(version + 1_000, length - tail));
    await store.append(streamId, batch, version);
  }
  if (streamId === withSnapshot(length)) {
    const { version, state, eventId = "" } = await load(pool, store, streamId);
    await saveSnapshot(pool, { streamId, version, eventId, state });
  }
  await store.append(streamId, events.slice(length - tail), length - tail);
  await pool.query("analyze events");
}
