/** A fresh database with the tables of the reference. */

import pg from "pg";
import { installSchemas } from "../shared/infrastructure/schemas.ts";
import { withInfrastructure } from "../shared/infrastructure/with-infrastructure.ts";
import { schemaFiles } from "../solutions/06-publishing/schema.ts";

/** Runs `use` with a pool of ten connections to a database of its own. */
export function withEventStore(use: (pool: pg.Pool) => Promise<void>): Promise<void> {
  return withInfrastructure(["postgres"], async ({ databaseUrl }) => {
    const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
    try {
      // Of the step 06: appends pay for the relay's column and index, too.
      await installSchemas(pool, schemaFiles);
      await use(pool);
    } finally {
      await pool.end();
    }
  });
}
