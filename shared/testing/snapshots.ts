/** What the tests of step 10 stand on: snapshots made by the reference, and a look into their table. */

import type pg from "pg";
import type { ReservationEvent } from "../../solutions/01-aggregate/reservation-types.ts";
import {
  checksumOf,
  type Snapshot,
  type SnapshotRow,
  stateSchema,
  toRow,
} from "../../solutions/10-snapshots/snapshot.ts";
import type { EventEnvelope } from "../kernel/event.ts";
import type { EventStore } from "../kernel/event-store.ts";
import { collect } from "./collect.ts";
import { inMemoryEventStore } from "./in-memory-event-store.ts";
import { newEvent } from "./new-events.ts";
import { reservationId, stateAfter } from "./reservations.ts";

export type History = readonly EventEnvelope<ReservationEvent>[];

export interface CountingStore extends EventStore {
  /** How many events were read from streams since the last look. */
  eventsRead(): number;
}

/** A store in memory that has this stream, and the stream's events as it recorded them. */
export async function storeOf(
  events: readonly ReservationEvent[],
  streamId = reservationId,
): Promise<{ readonly store: CountingStore; readonly history: History }> {
  const store = counting(inMemoryEventStore());
  if (events.length > 0) {
    const batch = events.map((event) => newEvent(event));
    await store.append(streamId, batch, "no-stream");
  }
  const history = (await collect(store.readStream(streamId))) as EventEnvelope<ReservationEvent>[];
  store.eventsRead();
  return { store, history };
}

function counting(store: EventStore): CountingStore {
  let read = 0;
  return {
    ...store,
    async *readStream(streamId, options) {
      for await (const event of store.readStream(streamId, options)) {
        read += 1;
        yield event;
      }
    },
    eventsRead() {
      const until = read;
      read = 0;
      return until;
    },
  };
}

/** The snapshot of a history after the event with this version. */
export function snapshotAt(history: History, version: number): Snapshot {
  const last = history[version - 1];
  if (!last) throw new RangeError(`The history has no version ${version}.`);
  const state = stateAfter(history.slice(0, version));
  return { streamId: last.streamId, version, eventId: last.id, state };
}

/** Which event of the history has this id, in words: an id by itself says nothing to a reader. */
export function eventNamed(
  history: readonly Pick<EventEnvelope, "id" | "version">[],
  id: string | undefined,
): string {
  if (id === undefined) return "none";
  const event = history.find((stored) => stored.id === id);
  return event ? `v${event.version}` : "one that is not in the stream";
}

/** Puts a row into the table, whatever is there; its checksum is right where none is given. */
export async function putRow(
  pool: pg.Pool,
  snapshot: Snapshot,
  otherwise: Partial<SnapshotRow> = {},
): Promise<void> {
  const row = { ...toRow(snapshot), ...otherwise };
  const checksum = otherwise.checksum ?? checksumOf(row);
  await pool.query(
    `insert into snapshots (stream_id, state_schema, version, event_id, state, checksum)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (stream_id, state_schema) do update
        set version = excluded.version, event_id = excluded.event_id, state = excluded.state,
            checksum = excluded.checksum`,
    [row.stream_id, row.state_schema, row.version, row.event_id, row.state, checksum],
  );
}

/** All rows, without the time. */
export async function rowsIn(pool: pg.Pool): Promise<readonly SnapshotRow[]> {
  const { rows } = await pool.query<SnapshotRow>(
    `select stream_id, state_schema, version, event_id, state, checksum
       from snapshots order by stream_id, state_schema`,
  );
  return rows;
}

/** `reservation-1 at version 3`, for each row; and what is wrong with it, or unusual. */
export async function keptIn(pool: pg.Pool): Promise<readonly string[]> {
  return (await rowsIn(pool)).map((row) => {
    const schema = row.state_schema === stateSchema ? "" : `, of schema ${row.state_schema}`;
    const fault = row.checksum === checksumOf(row) ? "" : ", with a wrong checksum";
    return `${row.stream_id} at version ${row.version}${schema}${fault}`;
  });
}

/** Runs `work` as if somebody had dropped the table; then it is there again. */
export async function withoutTable<T>(pool: pg.Pool, work: () => Promise<T>): Promise<T> {
  await pool.query("alter table snapshots rename to snapshots_dropped");
  try {
    return await work();
  } finally {
    await pool.query("alter table snapshots_dropped rename to snapshots");
  }
}

/** Runs `work` while the table can be read, and every write to it waits. */
export async function whileNobodyWrites<T>(pool: pg.Pool, work: () => Promise<T>): Promise<T> {
  const gate = await pool.connect();
  try {
    await gate.query("begin");
    await gate.query("lock table snapshots in share mode");
    return await work();
  } finally {
    // Closed, not handed back: that ends the transaction whatever happened.
    gate.release(true);
  }
}
