/** How far a relay has come, kept in the database that holds the events. Given. */

import type { Queryable } from "../03-event-store/rows.ts";
import { type Checkpoint, startOfStore } from "./commit-order.ts";

/** Another relay of this name moved the checkpoint. What this one published is on the bus twice. */
export class CheckpointMoved extends Error {
  override readonly name = "CheckpointMoved";
  readonly relay: string;

  constructor(relay: string) {
    super(
      `The checkpoint of relay ${relay} is not where this relay left it: another one of that name is active. ` +
        "Load the checkpoint again before publishing on.",
    );
    this.relay = relay;
  }
}

/** Where this relay stands; one that never ran stands before the first event. */
export async function loadCheckpoint(db: Queryable, relay: string): Promise<Checkpoint> {
  await db.query(
    `insert into relay_checkpoints (relay, transaction_id, position) values ($1, $2, $3)
         on conflict (relay) do nothing`,
    [relay, startOfStore.transactionId, startOfStore.position],
  );
  const { rows } = await db.query<{ transaction_id: string; position: string }>(
    "select transaction_id, position from relay_checkpoints where relay = $1",
    [relay],
  );
  const row = rows[0];
  if (!row) throw new CheckpointMoved(relay);
  return { transactionId: BigInt(row.transaction_id), position: BigInt(row.position) };
}

/**
 * Moves the checkpoint, if it still is where this relay loaded or moved it last.
 * @throws CheckpointMoved when it is elsewhere; it is then left there
 */
export async function moveCheckpoint(
  db: Queryable,
  relay: string,
  from: Checkpoint,
  to: Checkpoint,
): Promise<void> {
  const { rowCount } = await db.query({
    name: "move-checkpoint",
    text: `update relay_checkpoints
              set transaction_id = $4, position = $5
            where relay = $1 and (transaction_id, position) = ($2::xid8, $3::bigint)`,
    values: [relay, from.transactionId, from.position, to.transactionId, to.position],
  });
  if (rowCount !== 1) throw new CheckpointMoved(relay);
}
