/** A transaction on a connection that is kept: the one that holds the rebuild's lock. Given. */

import type { Queryable } from "../03-event-store/rows.ts";

/** Commits what `work` has done, or rolls it back when it throws. */
export async function transactionOn<T>(client: Queryable, work: () => Promise<T>): Promise<T> {
  try {
    await client.query("begin");
    const result = await work();
    await client.query("commit");
    return result;
  } catch (error) {
    // Where even the rollback fails, the connection is gone, and with it the transaction.
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}
