/** Who listens for notifications in a test's database. */

import type pg from "pg";
import { expect } from "vitest";

/** How many connections of the pool's database listen, whatever for. */
export async function listeners(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ listeners: number }>(
    `select count(*)::integer as listeners from pg_stat_activity
      where datname = current_database() and query ilike 'listen %'`,
  );
  return rows[0]?.listeners ?? 0;
}

/**
 * Resolves when the wait stands still: it listens, or it is over. The server has the LISTEN before the one
 * who listens knows, and looks once more then: `unanswered` queries of its pool (see `counted`).
 */
export async function untilItListens(
  pool: pg.Pool,
  waiting: Promise<unknown>,
  unanswered: () => number = () => 0,
): Promise<void> {
  let over = false;
  void waiting
    .catch(() => {})
    .finally(() => {
      over = true;
    });
  const isStill = async () => over || ((await listeners(pool)) > 0 && unanswered() === 0);
  const message = "whether a connection listens for notifications, or the wait is over";
  await expect.poll(isStill, { message }).toBe(true);
}
