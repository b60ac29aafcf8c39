/** Fails when a run of the workshop has left a database, a queue, a process or a directory behind. */

import pg from "pg";
import { allLedgers } from "../shared/infrastructure/ledger.ts";

const ledgers = allLedgers();
for (const { file, pending } of ledgers) {
  console.log(`${file}: ${pending.length} not cleaned up`);
  for (const entry of pending) console.log(`  ${entry.kind} ${"name" in entry ? entry.name : ""}`);
}

const databases = await databasesLeft(
  process.env.DATABASE_URL ?? "postgres://postgres:postgres@127.0.0.1:5432/postgres",
);
for (const name of databases) console.log(`database ${name} is left`);

const left = ledgers.length + databases.length;
console.log(left === 0 ? "Nothing is left behind." : `${left} left behind.`);
process.exitCode = left === 0 ? 0 : 1;

/** The workshop's databases on the server; none where there is no server, as its containers are gone too. */
async function databasesLeft(connectionString: string): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 3_000 });
  try {
    await client.connect();
  } catch {
    return [];
  }
  const { rows } = await client.query<{ datname: string }>(
    "select datname from pg_database where datname like 'workshop\\_%' order by datname",
  );
  await client.end();
  return rows.map(({ datname }) => datname);
}
