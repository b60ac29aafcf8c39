/** From the store into the build, a batch at a time; each is in with its checkpoint, or not at all. */

import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import type { Queryable } from "../03-event-store/rows.ts";
import type { CommittedEvent } from "../06-publishing/commit-order.ts";
import type { Projection } from "./projection.ts";

/**
 * Brings the build further by at most `limit` events, in one transaction of its own, and answers how
 * many they were. Less than `limit`: there are no more that can be read yet.
 */
export async function buildBatch(
  client: Queryable,
  projection: Projection,
  limit: number,
): Promise<number> {
  // TODO: in one transaction (transactionOn): where the build stands (loadBuild), what
  // comes after it in commit order (readAllCommitted of step 06), and applyToBuild, below
  throw new NotImplemented("buildBatch");
}

/** Applies the batch to the build's tables, inside the transaction that is open on `client`. */
export async function applyToBuild(
  client: Queryable,
  projection: Projection,
  batch: readonly CommittedEvent[],
): Promise<void> {
  const last = batch.at(-1);
  if (!last) return;
  // TODO: in the build's schema (inBuild): the rows (projection.apply) and how far each
  // stream is (writeStreams), for the live projection goes on from there after the swap. Then the
  // build's checkpoint and count (moveBuild). Nothing else: these events have been lived through
  throw new NotImplemented("applyToBuild");
}
