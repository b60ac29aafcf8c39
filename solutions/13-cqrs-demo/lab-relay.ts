/** Kills the relay at the one moment that matters: between publish and checkpoint. Given. */

import { setTimeout as delay } from "node:timers/promises";
import type { Pool } from "pg";
import { inTransaction } from "../08-projections/transaction.ts";
import { readFigures } from "./lab-pipeline.ts";

/**
 * Holds the checkpoints, has `send` store an event, and waits until the relay has published it and wants
 * to write so down. Then its session ends, wherever its process runs: the lock that made it the leader is
 * gone with it, and the checkpoint is where it was.
 */
export async function killRelayBeforeCheckpoint<T>(
  pool: Pool,
  send: () => Promise<T>,
  patience: number,
): Promise<T> {
  return inTransaction(pool, async (client) => {
    await waitUntilIdle(pool, patience);
    // It keeps out who writes. And it takes no transaction id, which would hold back the horizon:
    // the relay would not even see the event.
    await client.query("set local lock_timeout = '3s'");
    await client.query("lock table relay_checkpoints in share row exclusive mode");
    const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
    const sent = await send();
    const relay = await waitingFor(pool, rows[0]?.pid ?? 0, patience);
    await pool.query("select pg_terminate_backend($1, 2000)", [relay]);
    return sent;
  });
}

/** Or it would be killed with a batch of before. */
async function waitUntilIdle(pool: Pool, patience: number): Promise<void> {
  const deadline = performance.now() + patience;
  while ((await readFigures(pool)).relayed.waiting > 0 && performance.now() < deadline) {
    await delay(20);
  }
}

/** The session of a relay that waits for this one to write its checkpoint. */
async function waitingFor(pool: Pool, pid: number, patience: number): Promise<number> {
  const deadline = performance.now() + patience;
  while (performance.now() < deadline) {
    const { rows } = await pool.query<{ pid: number }>(
      `select pid
         from pg_stat_activity
        where application_name like 'relay %' and query ~* '^\\s*update\\s+relay_checkpoints'
          and $1 = any(pg_blocking_pids(pid))`,
      [pid],
    );
    if (rows[0]) return rows[0].pid;
    await delay(10);
  }
  throw new Error("The relay has published nothing meanwhile: is the broker away?");
}
