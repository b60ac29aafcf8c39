/** All tables of the system, made once, whoever of several processes comes first. Given. */

import { readFile } from "node:fs/promises";
import type { Pool } from "pg";
import { schemaFiles as eventStore } from "../04-concurrency/schema.ts";
import { schemaFiles as projections } from "../08-projections/schema.ts";
import { inTransaction } from "../08-projections/transaction.ts";
import { schemaFiles as rebuilds } from "../09-rebuild/schema.ts";
import { schemaFiles as snapshots } from "../10-snapshots/schema.ts";
import { schemaFiles as bookings } from "../12-saga/schema.ts";

/** Those of step 08 stand before each of the later lists: once is enough. */
const later = [rebuilds, snapshots, bookings].flatMap((files) => files.slice(projections.length));
const schemaFiles: readonly URL[] = [...projections, ...later];

/** Runs each file that was not run before, all of them or none. */
export async function installTables(pool: Pool): Promise<void> {
  await inTransaction(pool, async (client) => {
    // `if not exists` is no protection from somebody who does the same in the same moment.
    await client.query("select pg_advisory_xact_lock(hashtextextended('install tables', 0))");
    await client.query(
      `create table if not exists installed_schemas (
         name text primary key, installed_at timestamptz not null default clock_timestamp()
       )`,
    );
    const { rows } = await client.query<{ name: string }>("select name from installed_schemas");
    const installed = new Set(rows.map(({ name }) => name));
    const { rows: events } = await client.query("select where to_regclass('events') is not null");
    // The first steps make their tables without asking; the others leave alone what is there.
    if (events.length > 0) for (const file of eventStore) installed.add(nameOf(file));
    for (const file of schemaFiles) {
      const name = nameOf(file);
      if (!installed.has(name)) await client.query(await readFile(file, "utf8"));
      await client.query("insert into installed_schemas values ($1) on conflict do nothing", [
        name,
      ]);
    }
  });
}

/** `08-projections/schema.sql` */
function nameOf(file: URL): string {
  return file.pathname.split("/").slice(-2).join("/");
}
