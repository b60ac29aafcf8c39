/**
 * Tells those who wait that the read model has moved on. It is only a hint: a notification that is lost
 * costs its reader one polling interval.
 */

import type { Pool } from "pg";
import { type Bell, createBell, createWakeUp, type WakeUp } from "../06-publishing/wake-up.ts";

/** Rings when a row of the read model may have changed. */
export const projectedChannel = "reservations_projected";

/** After the commit, so that no transaction waits in the queue that NOTIFY makes of commits. */
export async function announceProjected(pool: Pool): Promise<void> {
  // What was projected is committed: whether the hint gets through does not change that.
  await pool.query(`notify ${projectedChannel}`).catch(() => undefined);
}

/**
 * Lends a bell that rings when something was projected. All who wait on one pool share one listening
 * connection, open from the first to the last of them.
 */
export async function withProjectedBell<T>(
  pool: Pool,
  use: (bell: Bell) => Promise<T>,
): Promise<T> {
  const bell = createBell();
  // The only connection of a pool is needed for the query itself: poll, and do not listen.
  if (pool.options.max === 1) return use(bell);
  const bells = bellsOn(pool);
  bells.all.add(bell);
  try {
    return await use(bell);
  } finally {
    bells.all.delete(bell);
    if (bells.all.size === 0) {
      shared.delete(pool);
      // Not awaited: in a busy pool it may still be waiting for its connection, and nobody's time
      // limit shall pass over that.
      void bells.wakeUp.stop();
    }
  }
}

interface Bells {
  readonly all: Set<Bell>;
  readonly wakeUp: WakeUp;
}

const shared = new WeakMap<Pool, Bells>();

function bellsOn(pool: Pool): Bells {
  const open = shared.get(pool);
  if (open) return open;
  const bells: Bells = { all: new Set(), wakeUp: createWakeUp(pool, projectedChannel, 60_000) };
  shared.set(pool, bells);
  void ringOn(bells);
  return bells;
}

async function ringOn({ all, wakeUp }: Bells): Promise<void> {
  do {
    await wakeUp.wait();
    for (const bell of all) bell.ring();
  } while (all.size > 0);
}
