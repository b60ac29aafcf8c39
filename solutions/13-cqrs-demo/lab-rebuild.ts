/** Builds the read model anew in front of somebody who reads all the while. Given. */

import { setImmediate as turn } from "node:timers/promises";
import type { Pool } from "pg";
import { listReservations } from "../08-projections/reservations-view.ts";
import { liveVersion } from "../09-rebuild/live-projection.ts";
import type { Progress } from "../09-rebuild/progress.ts";
import type { Projection } from "../09-rebuild/projection.ts";
import { rebuild } from "../09-rebuild/rebuild.ts";

export interface Rebuilt {
  readonly from: number;
  readonly to: number;
  readonly events: number;
  readonly milliseconds: number;
  /** What the reader got meanwhile, and how long it waited at the worst. */
  readonly reads: number;
  readonly failedReads: number;
  readonly slowestRead: number;
}

/** Puts the next known version of the projection in the place of the live one; after the last comes the first. */
export async function rebuildBeforeReaders(
  pool: Pool,
  projections: readonly Projection[],
  onProgress: (progress: Progress) => void,
): Promise<Rebuilt> {
  const started = performance.now();
  const from = await liveVersion(pool);
  const at = projections.findIndex(({ version }) => version === from);
  const projection = projections[(at + 1) % projections.length];
  if (!projection) throw new Error("There is no projection to build.");
  const done = new AbortController();
  const reading = readOn(pool, done.signal);
  let events = 0;
  try {
    // Small batches: there is something to see.
    const report = (progress: Progress): void => {
      events = progress.done;
      onProgress(progress);
    };
    await rebuild({ pool, projection, batchSize: 50, pause: 100, onProgress: report });
  } finally {
    done.abort();
  }
  const milliseconds = Math.round(performance.now() - started);
  return { from, to: projection.version, events, milliseconds, ...(await reading) };
}

async function readOn(
  pool: Pool,
  done: AbortSignal,
): Promise<Pick<Rebuilt, "reads" | "failedReads" | "slowestRead">> {
  let reads = 0;
  let failedReads = 0;
  let slowestRead = 0;
  while (!done.aborted) {
    const began = performance.now();
    await listReservations(pool, { limit: 20 }).catch(() => {
      failedReads += 1;
    });
    reads += 1;
    slowestRead = Math.max(slowestRead, performance.now() - began);
    await turn();
  }
  return { reads, failedReads, slowestRead: Math.round(slowestRead * 10) / 10 };
}
