/** From the store into the build, a batch at a time, in the order in which locks are taken: checkpoint, streams, rows. */

import type { Queryable } from "../../../../solutions/03-event-store/rows.ts";
import {
  type CommittedEvent,
  readAllCommitted,
} from "../../../../solutions/06-publishing/commit-order.ts";
import {
  inBuild,
  loadBuild,
  moveBuild,
  writeStreams,
} from "../../../../solutions/09-rebuild/build.ts";
import type { Projection } from "../../../../solutions/09-rebuild/projection.ts";
import { transactionOn } from "../../../../solutions/09-rebuild/transaction-on.ts";

/**
 * Brings the build further by at most `limit` events, in one transaction of its own, and answers how
 * many they were. Less than `limit`: there are no more that can be read yet.
 */
export async function buildBatch(
  client: Queryable,
  projection: Projection,
  limit: number,
): Promise<number> {
  return transactionOn(client, async () => {
    const { checkpoint } = await loadBuild(client);
    const batch = await readAllCommitted(client, { after: checkpoint, limit });
    await applyToBuild(client, projection, batch);
    return batch.length;
  });
}

/** Applies the batch to the build's tables, inside the transaction that is open on `client`. */
export async function applyToBuild(
  client: Queryable,
  projection: Projection,
  batch: readonly CommittedEvent[],
): Promise<void> {
  const last = batch.at(-1);
  if (!last) return;
  const events = batch.map(({ event }) => event);
  // First: two rebuilds that escaped the lock would meet here, before either has written a row.
  await moveBuild(client, last.checkpoint, events.length);
  await inBuild(client, async () => {
    await writeStreams(client, events);
    await projection.apply(client, events);
  });
}
