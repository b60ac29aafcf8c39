/**
 * Builds the read model anew from the events, beside the one that is live, and puts it in its
 * place. Queries are answered and events are projected all the while; interrupted, it goes on.
 */

import type { Pool, PoolClient } from "pg";
import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import { countTheRest, loadBuild } from "./build.ts";
import { type Progress, progressOf } from "./progress.ts";
import type { Projection } from "./projection.ts";

export interface RebuildOptions {
  /** One of its connections is held. */
  readonly pool: Pool;
  readonly projection: Projection;
  /** Events in one transaction, and in memory at once; 500 when left out. */
  readonly batchSize?: number;
  /** Told at the start, and after each batch. */
  readonly onProgress?: (progress: Progress) => void;
  /** Milliseconds for which the swap may make others wait behind a long reader; 200 when left out. */
  readonly lockTimeout?: number;
  /** How often the swap is tried; 60 when left out. */
  readonly tries?: number;
  /** Milliseconds between two tries, for those who waited; 1,000 when left out. */
  readonly pause?: number;
}

/**
 * Resolves when the rebuilt read model is live.
 * @throws RebuildRunning when another one is at work
 * @throws SwapBlocked when the live tables were read without a break; the next run goes on from here
 */
export async function rebuild(options: RebuildOptions): Promise<void> {
  const { pool, projection, batchSize = 500, onProgress = () => undefined } = options;
  const { lockTimeout = 200, tries = 60, pause = 1_000 } = options;
  // TODO: under the lock (withRebuildLock), on its client: openBuild; report once at the
  // start (progressReports); batches, each reported, until one comes that is not full; analyzeBuild;
  // swap. Blocked: pause, catch up again, try again, `tries` times in all, then SwapBlocked.
  // When it is live, tell those who wait for a version, once: announceProjected of step 08
  throw new NotImplemented("rebuild");
}

/** What reports how far the build is, each time that it is called. */
async function progressReports(
  client: PoolClient,
  onProgress: (progress: Progress) => void,
): Promise<() => Promise<void>> {
  const started = performance.now();
  const build = await loadBuild(client);
  const total = build.done + (await countTheRest(client, build));
  return async () => {
    const { done } = await loadBuild(client);
    const milliseconds = performance.now() - started;
    onProgress(progressOf({ done, doneBefore: build.done, total, milliseconds }));
  };
}

/** Each time that the swap was tried, somebody was reading the live tables for long. */
export class SwapBlocked extends Error {
  override readonly name = "SwapBlocked";
  readonly tries: number;

  constructor(tries: number) {
    super(
      `The rebuilt read model is ready, but long readers kept it from going live, ${tries} times. The live ` +
        "one goes on as it was. Find the long transaction in pg_stat_activity; a new run has little left to do.",
    );
    this.tries = tries;
  }
}
