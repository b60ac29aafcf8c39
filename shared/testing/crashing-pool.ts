/** A process that dies at an exact moment: a pool whose connections break at the nth statement. */

import type pg from "pg";
import { overriding } from "./connections.ts";

/** What the statement at the moment of death ends with. */
class Crash extends Error {
  override readonly name = "Crash";
}

export interface CrashingPool {
  readonly pool: pg.Pool;
  /** True when the moment came. */
  readonly hasCrashed: boolean;
}

/**
 * The first `statements` statements run. The next one never reaches the server, its connection is
 * cut, and no other statement runs after it, be it on another connection: the process is dead.
 */
export function crashingPool(pool: pg.Pool, statements: number): CrashingPool {
  const open = new Set<pg.PoolClient>();
  let left = statements;
  let hasCrashed = false;
  const liveOrDie = (): void => {
    if (left === 0) hasCrashed = true;
    left -= 1;
    if (!hasCrashed) return;
    for (const client of open) client.release(true);
    open.clear();
    throw new Crash(`The process died before statement ${statements + 1}.`);
  };

  const connect = async (): Promise<pg.PoolClient> => {
    if (hasCrashed) throw new Crash("The process is dead.");
    const client = await pool.connect();
    open.add(client);
    return overriding(client, {
      query: async (...args: unknown[]) => {
        liveOrDie();
        return Reflect.apply(client.query, client, args);
      },
      release: (error?: Error | boolean) => {
        if (open.delete(client)) client.release(error);
      },
    });
  };
  const mortal = overriding(pool, {
    connect,
    query: async (...args: unknown[]) => {
      liveOrDie();
      return Reflect.apply(pool.query, pool, args);
    },
  });
  return {
    pool: mortal,
    get hasCrashed() {
      return hasCrashed;
    },
  };
}
