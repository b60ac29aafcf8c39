/** The rebuild, in which one try is a function, and another one repeats it. */

import { setTimeout as delay } from "node:timers/promises";
import type { Pool, PoolClient } from "pg";
import { announceProjected } from "../../../../solutions/08-projections/projected-signal.ts";
import {
  analyzeBuild,
  countTheRest,
  loadBuild,
  openBuild,
} from "../../../../solutions/09-rebuild/build.ts";
import { buildBatch } from "../../../../solutions/09-rebuild/build-batch.ts";
import { type Progress, progressOf } from "../../../../solutions/09-rebuild/progress.ts";
import type { Projection } from "../../../../solutions/09-rebuild/projection.ts";
import { withRebuildLock } from "../../../../solutions/09-rebuild/rebuild-lock.ts";
import { swap } from "../../../../solutions/09-rebuild/swap.ts";

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
  await withRebuildLock(pool, async (client) => {
    await openBuild(client, projection);
    const report = await progressReports(client, onProgress);
    await report();
    const tryOnce = async (): Promise<boolean> => {
      while ((await buildBatch(client, projection, batchSize)) === batchSize) await report();
      await report();
      await analyzeBuild(client);
      return swap(client, projection, lockTimeout);
    };
    if (!(await untilItWorks(tryOnce, tries, pause))) throw new SwapBlocked(tries);
  });
  await announceProjected(pool);
}

/** Tries again after a pause, so many times in all; false when no try worked. */
async function untilItWorks(
  tryOnce: () => Promise<boolean>,
  tries: number,
  pause: number,
): Promise<boolean> {
  for (let tried = 1; !(await tryOnce()); tried++) {
    if (tried === tries) return false;
    await delay(pause);
  }
  return true;
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
