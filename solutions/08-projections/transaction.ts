/** One transaction on one connection. */

import type { Pool, PoolClient } from "pg";

/** Commits what `work` has done, or rolls it back when it throws. */
export async function inTransaction<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  // Between two statements a lost connection is told by an event, which ends the process where nobody
  // listens. The next statement fails, too: that is enough.
  const ignore = (): void => undefined;
  client.on("error", ignore);
  let failure: Error | undefined;
  try {
    await client.query("begin");
    const result = await work(client);
    await client.query("commit");
    return result;
  } catch (error) {
    // Where even the rollback fails, the connection is gone, and with it the transaction.
    await client.query("rollback").catch((lost: Error) => {
      failure = lost;
    });
    throw error;
  } finally {
    client.off("error", ignore);
    client.release(failure);
  }
}
