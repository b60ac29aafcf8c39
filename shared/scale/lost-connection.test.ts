/** What a process must survive: a server that closes a connection while a transaction is open on it. */

import { expect, it } from "vitest";
import { topologyFor } from "../../solutions/06-publishing/topology.ts";
import { inTransaction } from "../../solutions/08-projections/transaction.ts";
import { openPool } from "../../solutions/13-cqrs-demo/parts.ts";
import { withInfrastructure } from "../infrastructure/with-infrastructure.ts";

it("a connection that is lost between two statements fails the transaction, and not the process", async () => {
  await withInfrastructure(["postgres"], async ({ databaseUrl }) => {
    const servers = { databaseUrl, amqpUrl: "", topology: topologyFor("none") };
    const pool = openPool(servers, 2, {});
    try {
      const work = inTransaction(pool, async (client) => {
        const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
        const gone = new Promise((resolve) => client.once("end", resolve));
        await pool.query("select pg_terminate_backend($1)", [rows[0]?.pid]);
        await gone;
        await client.query("select 1");
      });

      await expect(work).rejects.toThrow();
      expect((await pool.query("select 1 as alive")).rows).toEqual([{ alive: 1 }]);
    } finally {
      await pool.end();
    }
  });
});
