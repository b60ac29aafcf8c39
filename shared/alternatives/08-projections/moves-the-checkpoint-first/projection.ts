/** Keeps the read model up to date by a compare-and-set on the checkpoint, where the reference locks and looks. */

import type { Pool } from "pg";
import type { EventEnvelope } from "../../../../shared/kernel/event.ts";
import type { EventStore } from "../../../../shared/kernel/event-store.ts";
import type { Queryable } from "../../../../solutions/03-event-store/rows.ts";
import { applyToView } from "../../../../solutions/08-projections/apply-to-view.ts";
import { announceProjected } from "../../../../solutions/08-projections/projected-signal.ts";
import { projectedVersion } from "../../../../solutions/08-projections/read-your-writes.ts";
import { inTransaction } from "../../../../solutions/08-projections/transaction.ts";

/**
 * Brings the read model to this event: skips what was seen, applies what is next, and fetches what
 * is missing before it from the store.
 * @throws UnknownEventType, and nothing of that event is written
 * @throws MissingEvents when the store has not got what is missing either
 */
export async function project(pool: Pool, store: EventStore, event: EventEnvelope): Promise<void> {
  let reached = await applyNext(pool, event);
  if (reached >= event.version) return;
  for await (const missing of store.readStream(event.streamId, { fromVersion: reached + 1 })) {
    reached = await applyNext(pool, missing);
    if (reached >= event.version) return;
  }
  throw new MissingEvents(event.streamId, event.version, reached);
}

/**
 * Applies the event if it is the next one of its stream, and answers the version that the read
 * model has reached: the event's own or more when it is in, less when there is a gap before it.
 */
export async function applyNext(pool: Pool, event: EventEnvelope): Promise<number> {
  const isApplied = await inTransaction(pool, async (client) => {
    const isNext = await moveCheckpoint(client, event);
    if (isNext) await applyToView(client, event);
    return isNext;
  });
  if (!isApplied) return projectedVersion(pool, event.streamId);
  await announceProjected(pool);
  return event.version;
}

/**
 * Compare-and-set, as an append is: of two that have the same event one moves the row, and the other
 * waits for the row, then finds it moved.
 */
async function moveCheckpoint(client: Queryable, event: EventEnvelope): Promise<boolean> {
  const { streamId, version, position } = event;
  const { rowCount } =
    version === 1
      ? await client.query(
          `insert into projected_streams as stream (stream_id, version, position) values ($1, 1, $2)
           on conflict (stream_id) do update
              set version = 1, position = excluded.position
            where stream.version = 0`,
          [streamId, position],
        )
      : await client.query(
          `update projected_streams set version = $2, position = $3
            where stream_id = $1 and version = $2 - 1`,
          [streamId, version, position],
        );
  return rowCount === 1;
}

/** An event came whose predecessors are neither in the read model nor in the store. Try again later. */
export class MissingEvents extends Error {
  override readonly name = "MissingEvents";
  readonly streamId: string;
  readonly version: number;
  /** The version up to which the read model has the stream. */
  readonly reached: number;

  constructor(streamId: string, version: number, reached: number) {
    super(
      `Version ${version} of stream ${streamId} came, but the read model is at ${reached} and the store ` +
        "has not got what lies between: nothing of it was written. Deliver it again later.",
    );
    this.streamId = streamId;
    this.version = version;
    this.reached = reached;
  }
}
