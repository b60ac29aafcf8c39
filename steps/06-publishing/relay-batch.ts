/** The relay's one decision: when an event counts as published. */

import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import type { Queryable } from "../03-event-store/rows.ts";
import type { Checkpoint, CommittedEvent } from "./commit-order.ts";
import type { PublishingChannel } from "./publisher.ts";
import type { Topology } from "./topology.ts";

export interface Batch {
  /** The relay's name, under which its checkpoint is kept. */
  readonly relay: string;
  /** Where the checkpoint is now. */
  readonly from: Checkpoint;
  /** What comes after it, as `readAllCommitted` gave it. */
  readonly events: readonly CommittedEvent[];
}

export interface BatchRelayed {
  /** Where the checkpoint is afterwards. */
  readonly checkpoint: Checkpoint;
  /** How many of the batch's events are behind it. */
  readonly confirmed: number;
  /** What the first event after those failed with; undefined when all are confirmed. */
  readonly failure: unknown;
}

/**
 * Publishes the batch, then moves the checkpoint past what the broker confirmed from its start.
 * To die in between publishes events twice; the other way round would lose them.
 * @throws CheckpointMoved when another relay of this name was here
 */
export async function relayBatch(
  db: Queryable,
  channel: PublishingChannel,
  topology: Topology,
  { relay, from, events }: Batch,
): Promise<BatchRelayed> {
  // TODO: publishBatch; moveCheckpoint to the last event of the confirmed start, if
  // there is one (from ./publisher.ts and ./checkpoint.ts); say what happened
  throw new NotImplemented("relayBatch");
}
