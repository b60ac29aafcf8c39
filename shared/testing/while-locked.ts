/** Makes a race certain: both runners are at the line before either may cross it. */

import type pg from "pg";
import { expect } from "vitest";

/**
 * Starts what `race` returns while nobody may write to these tables (reading is free, and so is
 * locking the rows that are there), waits until every runner stands before a lock or one has ended,
 * and only then lets them go.
 */
export async function whileLocked<T>(
  pool: pg.Pool,
  tables: readonly ("projected_streams" | "reservations_view" | "hotel_occupancy")[],
  race: () => readonly Promise<T>[],
): Promise<readonly T[]> {
  const gate = await pool.connect();
  try {
    await gate.query("begin");
    await gate.query(`lock table ${tables.join(", ")} in share mode`);
    const runners = race();
    let ended = 0;
    for (const runner of runners) void runner.catch(() => {}).finally(() => ended++);
    await expect
      .poll(async () => ended > 0 || (await sessionsBeforeALock(pool)) === runners.length)
      .toBe(true);
    await gate.query("commit");
    return await Promise.all(runners);
  } finally {
    // Closed, not handed back: that ends the transaction whatever happened.
    gate.release(true);
  }
}

async function sessionsBeforeALock(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ sessions: number }>(
    `select count(*)::integer as sessions from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows[0]?.sessions ?? 0;
}
