/** A fresh database with the tables of steps 03 and 04, and a pool of ten connections. */

import { readFileSync } from "node:fs";
import pg from "pg";
import { withInfrastructure } from "../shared/infrastructure/with-infrastructure.ts";
import { schemaFile as eventsSchema } from "../solutions/03-event-store/schema.ts";
import { schemaFile as streamsSchema } from "../solutions/04-concurrency/schema.ts";

export function withEventStore(use: (pool: pg.Pool) => Promise<void>): Promise<void> {
  return withInfrastructure(["postgres"], async ({ databaseUrl }) => {
    const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
    try {
      for (const file of [eventsSchema, streamsSchema]) {
        await pool.query(readFileSync(file, "utf8"));
      }
      await use(pool);
    } finally {
      await pool.end();
    }
  });
}
