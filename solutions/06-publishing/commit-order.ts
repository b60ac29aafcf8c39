/**
 * All events in an order that no late commit upsets.
 *
 * Positions are handed out when a transaction writes; events become visible when it commits. So
 * an event can appear behind a reader. Here each event carries its transaction's number, and a
 * reader stops before the oldest transaction that is still open: behind it nothing can appear.
 */

import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { type EventRow, eventColumns, type Queryable, toEnvelope } from "../03-event-store/rows.ts";

/** A place in the order of commits. Only the pair is one: the position alone loses events. */
export interface Checkpoint {
  readonly transactionId: bigint;
  readonly position: bigint;
}

/** Before the first event. */
export const startOfStore: Checkpoint = { transactionId: 0n, position: 0n };

export interface CommittedEvent {
  readonly event: EventEnvelope;
  /** Where a reader stands once it is done with this event. */
  readonly checkpoint: Checkpoint;
}

/**
 * The next `limit` events after the checkpoint that no later commit can come before, ordered by
 * transaction and position. What is left out is not lost: it comes once the horizon has passed it.
 */
export async function readAllCommitted(
  db: Queryable,
  { after = startOfStore, limit = 500 }: { after?: Checkpoint; limit?: number } = {},
): Promise<readonly CommittedEvent[]> {
  // BEGIN SOLUTION: select the rows behind the pair `after` whose transaction is below
  // pg_snapshot_xmin(pg_current_snapshot()), in the order of the pair; toCommittedEvent each
  const { rows } = await db.query<CommittedRow>({
    name: "read-all-committed",
    text: `select transaction_id, ${eventColumns}
             from events
            where (transaction_id, position) > ($1::xid8, $2::bigint)
              and transaction_id < pg_snapshot_xmin(pg_current_snapshot())
            order by transaction_id, position
            limit $3`,
    values: [after.transactionId, after.position, limit],
  });
  return rows.map(toCommittedEvent);
  // END SOLUTION
}

/** pg reads `xid8`, as it reads `bigint`, as a string. */
interface CommittedRow extends EventRow {
  readonly transaction_id: string;
}

function toCommittedEvent(row: CommittedRow): CommittedEvent {
  const event = toEnvelope(row);
  return {
    event,
    checkpoint: { transactionId: BigInt(row.transaction_id), position: event.position },
  };
}

/** All committed events up to the horizon, a page at a time; each comes with its checkpoint. */
export async function* readAll(
  db: Queryable,
  { after = startOfStore, pageSize = 500 }: { after?: Checkpoint; pageSize?: number } = {},
): AsyncGenerator<CommittedEvent> {
  let last = after;
  for (;;) {
    const page = await readAllCommitted(db, { after: last, limit: pageSize });
    for (const committed of page) {
      yield committed;
      last = committed.checkpoint;
    }
    if (page.length < pageSize) return;
  }
}
