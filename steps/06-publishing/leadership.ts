/** One active relay of each name, in however many processes they run. Given. */

import { setTimeout as delay } from "node:timers/promises";
import type { Pool, PoolClient } from "pg";
import type { Queryable } from "../03-event-store/rows.ts";

/** How long a standby waits between two tries, in milliseconds: most of what a takeover takes. */
const tryEvery = 500;

/**
 * Waits until no other process leads under this name, then calls `lead` with the connection that
 * holds the lock. The lock lives and dies with that connection: when the process is killed,
 * PostgreSQL sees the connection close and gives the lock to the next who asks.
 * A lost connection aborts the signal that `lead` gets, and its queries fail.
 */
export async function withLeadership(
  pool: Pool,
  name: string,
  stopping: AbortSignal,
  lead: (client: PoolClient, lost: AbortSignal) => Promise<void>,
): Promise<void> {
  const client = await pool.connect();
  const lost = new AbortController();
  client.on("error", (error) => lost.abort(error));
  client.on("end", () => lost.abort(new Error("The connection that held the lock has ended.")));
  try {
    while (!(await tryToLock(client, name))) {
      await delay(tryEvery, undefined, { signal: stopping }).catch(() => undefined);
      if (stopping.aborted) return;
    }
    if (!stopping.aborted) await lead(client, lost.signal);
  } finally {
    // Closing the connection frees the lock, whatever state the connection is in.
    client.release(true);
  }
}

async function tryToLock(db: Queryable, name: string): Promise<boolean> {
  const { rows } = await db.query<{ locked: boolean }>(
    "select pg_try_advisory_lock(hashtextextended('relay ' || $1, 0)) as locked",
    [name],
  );
  return rows[0]?.locked ?? false;
}
