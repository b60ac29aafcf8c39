/** The build becomes live: all of it, at one moment, and nobody is in the way for long. */

import pg from "pg";
import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import type { Queryable } from "../03-event-store/rows.ts";
import type { Projection } from "./projection.ts";
import { transactionOn } from "./transaction-on.ts";

/**
 * Makes the build live, in one transaction. Answers false, and has changed nothing, when a lock
 * was not to be had within `lockTimeout` milliseconds: someone reads the live tables for long.
 */
export async function swap(
  client: Queryable,
  projection: Projection,
  lockTimeout: number,
): Promise<boolean> {
  try {
    await transactionOn(client, async () => {
      await limitWaiting(client, lockTimeout);
      await makeLive(client, projection);
    });
    return true;
  } catch (error) {
    if (isGivingWay(error)) return false;
    throw error;
  }
}

/** Catches up with what is live and takes its place, inside the transaction that is open on `client`. */
async function makeLive(client: Queryable, projection: Projection): Promise<void> {
  // TODO: 1. make live projecting wait (lock table public.projected_streams in share row
  // exclusive mode: it stops those who write, not those who read)
  // 2. only then apply what the build has not got yet (readTheRest, applyToBuild)
  // 3. for each of `tables`: drop the live one, `alter table rebuild.x set schema public`
  // 4. drop the schema rebuild and what is left in it, and write which version is live: markLive
  throw new NotImplemented("makeLive");
}

async function markLive(client: Queryable, { version }: Projection): Promise<void> {
  await client.query(
    `insert into live_projections (read_model, version) values ('reservations', $1)
     on conflict (read_model) do update set version = excluded.version`,
    [version],
  );
}

/**
 * Who waits for a table's exclusive lock stands in a queue, and everybody who comes later stands
 * behind: one long report would stop all other readers, too. Less than deadlock_timeout (1 s), so
 * that of two who wait for each other it is always the swap that gives way.
 */
async function limitWaiting(client: Queryable, milliseconds: number): Promise<void> {
  await client.query("select set_config('lock_timeout', $1, true)", [`${milliseconds}ms`]);
}

const lockNotAvailable = "55P03";
const deadlockDetected = "40P01";

function isGivingWay(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return false;
  return error.code === lockNotAvailable || error.code === deadlockDetected;
}
