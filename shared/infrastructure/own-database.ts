/** Databases that belong to a run: noted in its ledger, created, handed on, dropped. */

import pg from "pg";
import { applicationNameOf, untilLeft } from "./cleaning.ts";
import type { Server } from "./ladder.ts";
import type { EntryOnServer } from "./ledger.ts";
import type { Run } from "./run.ts";

export interface OwnDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** One that goes on to whoever in the run asks next, or, in the end, away with the run. */
export interface LentDatabase {
  readonly url: string;
  /** Cuts off who is still connected; the URL leads nowhere after that. */
  giveBack(): Promise<void>;
}

/** Creates an empty database. */
export async function createDatabase(run: Run, server: Server): Promise<OwnDatabase> {
  const name = run.newName();
  const isGone = noteDatabase(run, server, name);
  await asAdministrator(server, run, (client) => create(client, name));
  return {
    url: urlOf(server.url, name),
    drop: async () => {
      await asAdministrator(server, run, (client) => drop(client, name));
      isGone();
    },
  };
}

/**
 * A database with this schema and nothing else. To create one and drop it takes the server five times as long
 * as to empty one, so what was given back is lent again, under a new name: code that a test has left running
 * does not find its way in.
 */
export async function borrowDatabase(
  run: Run,
  server: Server,
  schema: string,
): Promise<LentDatabase> {
  const name = run.newName();
  const isGone = noteDatabase(run, server, name);
  await asAdministrator(server, run, async (client) => {
    if (await takeOneGivenBack(client, run, server, name)) {
      // A database that cannot be emptied is none to be handed on; should the schema be wrong, a new one tells.
      const installing = install(run, server, name, `${emptied};${schema}`);
      const isThere = await installing.then(
        () => true,
        () => false,
      );
      if (isThere) return;
      await drop(client, name);
    }
    await create(client, name);
    await install(run, server, name, schema);
  });
  return {
    url: urlOf(server.url, name),
    giveBack: async () => {
      await asAdministrator(server, run, (client) => handOn(client, run, server, name));
      isGone();
    },
  };
}

async function takeOneGivenBack(
  client: pg.Client,
  run: Run,
  server: Server,
  name: string,
): Promise<boolean> {
  // Two that take at the same time must not choose the same one.
  await client.query("select pg_advisory_lock(hashtextextended($1, 0))", [givenBack(run)]);
  try {
    const { rows } = await client.query<{ datname: string }>(
      "select datname from pg_database where starts_with(datname, $1) limit 1",
      [givenBack(run)],
    );
    const [one] = rows;
    if (!one) return false;
    await rename(client, one.datname, name);
    noteDatabase(run, server, one.datname)();
    return true;
  } finally {
    await client.query("select pg_advisory_unlock(hashtextextended($1, 0))", [givenBack(run)]);
  }
}

async function handOn(client: pg.Client, run: Run, server: Server, name: string): Promise<void> {
  const next = run.newName().replace(`workshop_${run.id}_`, givenBack(run));
  const isGone = noteDatabase(run, server, next);
  await untilLeft(client, [name]);
  try {
    await client.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1",
      [name],
    );
    await rename(client, name, next);
  } catch {
    await drop(client, name);
    isGone();
  }
}

/** How the names of those begin that are to be had. */
function givenBack(run: Run): string {
  return `workshop_${run.id}_free_`;
}

const emptied = `
  do $$
  declare
    each name;
  begin
    for each in
      select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'
    loop
      execute format('drop schema %I cascade', each);
    end loop;
    create schema public;
  end $$`;

async function install(run: Run, server: Server, name: string, sql: string): Promise<void> {
  await withClient(urlOf(server.url, name), run, (client) => client.query(sql));
}

function noteDatabase(run: Run, server: Server, name: string): () => void {
  return noteOn(run, server, { kind: "database", server: server.url, name });
}

/** What is on a private server goes away with it, and needs no note. */
export function noteOn(run: Run, server: Server, entry: EntryOnServer): () => void {
  if (server.isPrivate) return () => {};
  return run.note(server.owner ? { ...entry, owner: server.owner } : entry);
}

/** The C collation sorts alike everywhere, as JavaScript does, and every cluster has it. */
async function create(client: pg.Client, name: string): Promise<void> {
  await client.query(
    `create database ${pg.escapeIdentifier(name)}
       template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'`,
  );
}

async function rename(client: pg.Client, name: string, next: string): Promise<void> {
  await client.query(
    `alter database ${pg.escapeIdentifier(name)} rename to ${pg.escapeIdentifier(next)}`,
  );
}

async function drop(client: pg.Client, name: string): Promise<void> {
  await untilLeft(client, [name]);
  await client.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
}

function urlOf(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}

function asAdministrator<T>(
  server: Server,
  run: Run,
  use: (client: pg.Client) => Promise<T>,
): Promise<T> {
  return withClient(server.url, run, use);
}

async function withClient<T>(
  url: string,
  run: Run,
  use: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    application_name: applicationNameOf(run.id),
  });
  client.on("error", () => {}); // the failed query tells
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
