/**
 * Reading one's own write.
 *
 * The read model is a moment behind the store. A command's answer says which version its stream is
 * at; a client that wants to see its own change waits until the read model has that version.
 */

import type { Pool } from "pg";
import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import type { Queryable } from "../03-event-store/rows.ts";

export interface WaitOptions {
  /** Milliseconds; 2,000 when left out. */
  readonly timeout?: number;
  /** Milliseconds until the read model is asked again when no notification comes; 100 when left out. */
  readonly pollEvery?: number;
}

/**
 * Resolves as soon as the read model has this version of the stream, or a later one.
 * @throws ReadModelBehind when it has not within the time
 */
export async function waitForVersion(
  pool: Pool,
  streamId: string,
  version: number,
  { timeout = 2_000, pollEvery = 100 }: WaitOptions = {},
): Promise<void> {
  const deadline = performance.now() + timeout;
  // TODO: look (projectedVersion); most often it is there. If not, borrow a bell
  // (withProjectedBell of projected-signal.ts) and until the deadline: look, then wait for the bell,
  // `pollEvery` at the most (waitForWork of step 06's wake-up.ts). At the deadline: ReadModelBehind.
  // Look once more after you have the bell: what was projected in between rang for nobody.
  throw new NotImplemented("waitForVersion");
}

/** The version of the stream that the read model shows; 0 when it has none of it. */
export async function projectedVersion(db: Queryable, streamId: string): Promise<number> {
  const { rows } = await db.query<{ version: number }>(
    "select version from projected_streams where stream_id = $1",
    [streamId],
  );
  return rows[0]?.version ?? 0;
}

/** The read model did not get there in time. The write is safe: it is in the store. */
export class ReadModelBehind extends Error {
  override readonly name = "ReadModelBehind";
  readonly streamId: string;
  readonly wanted: number;
  readonly reached: number;

  constructor(streamId: string, wanted: number, reached: number) {
    super(
      `The read model has stream ${streamId} at version ${reached}, not at ${wanted} yet. What was written is ` +
        "safe: show it from the command's answer, or ask again in a moment.",
    );
    this.streamId = streamId;
    this.wanted = wanted;
    this.reached = reached;
  }
}
