/** From the store into the build, a batch at a time; each is in with its checkpoint, or not at all. */

import type { Queryable } from "../03-event-store/rows.ts";
import { type CommittedEvent, readAllCommitted } from "../06-publishing/commit-order.ts";
import { inBuild, loadBuild, moveBuild, writeStreams } from "./build.ts";
import type { Projection } from "./projection.ts";
import { transactionOn } from "./transaction-on.ts";

/**
 * Brings the build further by at most `limit` events, in one transaction of its own, and answers how
 * many they were. Less than `limit`: there are no more that can be read yet.
 */
export async function buildBatch(
  client: Queryable,
  projection: Projection,
  limit: number,
): Promise<number> {
  // BEGIN SOLUTION: in one transaction (transactionOn): where the build stands (loadBuild), what
  // comes after it in commit order (readAllCommitted of step 06), and applyToBuild, below
  return transactionOn(client, async () => {
    const { checkpoint } = await loadBuild(client);
    const batch = await readAllCommitted(client, { after: checkpoint, limit });
    await applyToBuild(client, projection, batch);
    return batch.length;
  });
  // END SOLUTION
}

/** Applies the batch to the build's tables, inside the transaction that is open on `client`. */
export async function applyToBuild(
  client: Queryable,
  projection: Projection,
  batch: readonly CommittedEvent[],
): Promise<void> {
  const last = batch.at(-1);
  if (!last) return;
  // BEGIN SOLUTION: in the build's schema (inBuild): the rows (projection.apply) and how far each
  // stream is (writeStreams), for the live projection goes on from there after the swap. Then the
  // build's checkpoint and count (moveBuild). Nothing else: these events have been lived through
  const events = batch.map(({ event }) => event);
  await inBuild(client, async () => {
    await projection.apply(client, events);
    await writeStreams(client, events);
  });
  await moveBuild(client, last.checkpoint, events.length);
  // END SOLUTION
}
