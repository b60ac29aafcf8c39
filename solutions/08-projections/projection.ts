/**
 * Keeps the read model up to date, event by event, whatever the bus does: events come twice, late,
 * in the wrong order, to two consumers at once, and the process may die between any two statements.
 */

import type { Pool } from "pg";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import type { Queryable } from "../03-event-store/rows.ts";
import { applyToView } from "./apply-to-view.ts";
import { announceProjected } from "./projected-signal.ts";
import { inTransaction } from "./transaction.ts";

/**
 * Brings the read model to this event: skips what was seen, applies what is next, and fetches what
 * is missing before it from the store.
 * @throws UnknownEventType, and nothing of that event is written
 * @throws MissingEvents when the store has not got what is missing either
 */
export async function project(pool: Pool, store: EventStore, event: EventEnvelope): Promise<void> {
  // BEGIN SOLUTION: try the event (applyNext). If the stream has not reached it, events are missing:
  // read the stream from the store, from the first missing version on, and apply one by one what
  // comes, until this event is in. When the store ends before: MissingEvents. Never guess, never skip.
  let reached = await applyNext(pool, event);
  if (reached >= event.version) return;
  for await (const missing of store.readStream(event.streamId, { fromVersion: reached + 1 })) {
    reached = await applyNext(pool, missing);
    if (reached >= event.version) return;
  }
  throw new MissingEvents(event.streamId, event.version, reached);
  // END SOLUTION
}

/**
 * Applies the event if it is the next one of its stream, and answers the version that the read
 * model has reached: the event's own or more when it is in, less when there is a gap before it.
 */
export async function applyNext(pool: Pool, event: EventEnvelope): Promise<number> {
  // BEGIN SOLUTION: in one transaction (inTransaction of transaction.ts), all of it on its client:
  // lock the stream's row (lockStream says the version that was reached); unless this event is the
  // next, leave all as it is; applyToView; write its version and position to projected_streams.
  // After the commit tell those who wait: announceProjected, of projected-signal.ts
  const reached = await inTransaction(pool, async (client) => {
    const before = await lockStream(client, event.streamId);
    if (event.version !== before + 1) return before;
    await applyToView(client, event);
    await client.query(
      "update projected_streams set version = $2, position = $3 where stream_id = $1",
      [event.streamId, event.version, event.position],
    );
    return event.version;
  });
  if (reached === event.version) await announceProjected(pool);
  return reached;
  // END SOLUTION
}

/**
 * Locks the stream's row until the transaction ends and answers the version in it. The insert comes
 * first: a row that is not there cannot be locked, and two consumers of a first event would both pass.
 */
async function lockStream(client: Queryable, streamId: string): Promise<number> {
  await client.query(
    `insert into projected_streams (stream_id, version, position) values ($1, 0, 0)
     on conflict (stream_id) do nothing`,
    [streamId],
  );
  const { rows } = await client.query<{ version: number }>(
    "select version from projected_streams where stream_id = $1 for update",
    [streamId],
  );
  return rows[0]?.version ?? 0;
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
