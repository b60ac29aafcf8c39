/** A fresh database with the tables of the reference. */

import { readFileSync } from "node:fs";
import pg from "pg";
import { withInfrastructure } from "../shared/infrastructure/with-infrastructure.ts";
import { schemaFile as eventsSchema } from "../solutions/03-event-store/schema.ts";
import { schemaFile as streamsSchema } from "../solutions/04-concurrency/schema.ts";
import { schemaFile as publishingSchema } from "../solutions/06-publishing/schema.ts";

/** Runs `use` with a pool of ten connections to a database of its own. */
export function withEventStore(use: (pool: pg.Pool) => Promise<void>): Promise<void> {
  return withInfrastructure(["postgres"], async ({ databaseUrl }) => {
    const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
    try {
      await installSchemas(pool);
      await use(pool);
    } finally {
      await pool.end();
    }
  });
}

/** The tables of the steps 03, 04 and 06: appends pay for the relay's column and index, too. */
export async function installSchemas(pool: pg.Pool): Promise<void> {
  for (const file of [eventsSchema, streamsSchema, publishingSchema]) {
    await pool.query(readFileSync(file, "utf8"));
  }
}
