/** The lock that step 09 gives. */

import type pg from "pg";
import { expect, it, onTestFinished } from "vitest";
import { RebuildRunning, withRebuildLock } from "../../../solutions/09-rebuild/rebuild-lock.ts";
import { overriding } from "../../testing/connections.ts";
import { useDatabase } from "../../testing/database.ts";

const database = useDatabase(9);

it("lets one rebuild work at a time", async () => {
  await withRebuildLock(database.pool, async () => {
    const second = withRebuildLock(database.pool, async () => "at work");
    await expect(second).rejects.toBeInstanceOf(RebuildRunning);
  });
});

const works: readonly [string, (client: pg.PoolClient) => Promise<unknown>][] = [
  ["is done", async () => "done"],
  ["has failed", () => Promise.reject(new Error("the disk is full"))],
  [
    "has failed in a transaction",
    async (client: pg.PoolClient) => {
      await client.query("begin");
      await client.query("select 1 / 0");
    },
  ],
];

it.each(works)(
  "is free for the next when one %s, before the server has seen its session go",
  async (_, work) => {
    await withRebuildLock(slowToLeave(database.pool), work).catch(() => undefined);
    expect(await withRebuildLock(database.pool, async () => "at work")).toBe("at work");
  },
);

/** The pool, whose connections end after the test only. */
function slowToLeave(pool: pg.Pool): pg.Pool {
  const connect = async (): Promise<pg.PoolClient> => {
    const client = await pool.connect();
    onTestFinished(() => client.release(true));
    return overriding(client, { release: () => undefined });
  };
  return overriding(pool, { connect });
}
