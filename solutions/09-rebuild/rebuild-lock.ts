/** One rebuild at a time, in however many processes it is started. Given. */

import type { Pool, PoolClient } from "pg";
import type { Queryable } from "../03-event-store/rows.ts";

/**
 * Calls `work` with a connection that holds the lock of the rebuild. All of the work is done on that
 * connection: when it breaks, the lock goes, and nothing of this rebuild can be written any more.
 * @throws RebuildRunning at once when another one holds the lock
 */
export async function withRebuildLock<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  // Between two statements a lost connection is told by an event; the next statement fails, too.
  client.on("error", () => undefined);
  try {
    if (!(await tryToLock(client))) throw new RebuildRunning();
    try {
      return await work(client);
    } finally {
      await unlock(client);
    }
  } finally {
    // Closed, not handed back: what a work that has failed left in the session must reach nobody else.
    client.release(true);
  }
}

/** The server frees the lock with the end of the session, however that ends. */
async function tryToLock(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ locked: boolean }>(
    `select pg_try_advisory_lock(${lock}) as locked`,
  );
  return rows[0]?.locked ?? false;
}

/**
 * By hand, too: a closed session ends a moment later, and who rebuilds again at once would be refused. What has
 * failed may have left a transaction open, in which nothing else is done any more.
 */
async function unlock(db: Queryable): Promise<void> {
  await db.query(`rollback; select pg_advisory_unlock(${lock})`).catch(() => undefined);
}

const lock = "hashtextextended('rebuild reservations', 0)";

/** Another rebuild is at work. This one has changed nothing. */
export class RebuildRunning extends Error {
  override readonly name = "RebuildRunning";

  constructor() {
    super(
      "Another rebuild of the read model is running: this one has not begun, and nothing was changed. " +
        "Wait until it is done; one that was interrupted frees its lock when its connection ends.",
    );
  }
}
