/** Databases that belong to a run: noted in its ledger, created, cloned, dropped. */

import { createHash } from "node:crypto";
import pg from "pg";
import { applicationNameOf, untilLeft } from "./cleaning.ts";
import type { Server } from "./ladder.ts";
import type { EntryOnServer } from "./ledger.ts";
import type { Run } from "./run.ts";

export interface OwnDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** Creates an empty database, or a clone of `template`. */
export async function createDatabase(
  run: Run,
  server: Server,
  template = "template0",
): Promise<OwnDatabase> {
  const name = run.newName();
  const isGone = noteOn(run, server, { kind: "database", server: server.url, name });
  await asAdministrator(server, run, (client) => create(client, name, template));
  return {
    url: urlOf(server.url, name),
    drop: async () => {
      await asAdministrator(server, run, (client) => drop(client, name));
      isGone();
    },
  };
}

/**
 * The run's template with this schema, made by the first that asks, while the others wait. A schema
 * that is edited while the run goes on gets a template of its own.
 */
export async function templateDatabase(run: Run, server: Server, schema: string): Promise<string> {
  const digest = createHash("sha256").update(schema).digest("hex").slice(0, 12);
  const name = `workshop_${run.id}_template_${digest}`;
  await asAdministrator(server, run, async (client) => {
    await client.query("select pg_advisory_lock(hashtextextended($1, 0))", [name]);
    const { rowCount } = await client.query("select from pg_database where datname = $1", [name]);
    if (rowCount !== 0) return;
    // Renamed once it is whole, so that a half-installed one is never cloned.
    const draft = run.newName();
    noteOn(run, server, { kind: "database", server: server.url, name });
    noteOn(run, server, { kind: "database", server: server.url, name: draft });
    await create(client, draft, "template0");
    await withClient(urlOf(server.url, draft), run, (draftClient) => draftClient.query(schema));
    await client.query(
      `alter database ${pg.escapeIdentifier(draft)} rename to ${pg.escapeIdentifier(name)}`,
    );
  });
  return name;
}

/** What is on a private server goes away with it, and needs no note. */
export function noteOn(run: Run, server: Server, entry: EntryOnServer): () => void {
  if (server.isPrivate) return () => {};
  return run.note(server.owner ? { ...entry, owner: server.owner } : entry);
}

/** The C collation sorts alike everywhere, as JavaScript does, and every cluster has it. */
async function create(client: pg.Client, name: string, template: string): Promise<void> {
  const options = template === "template0" ? "encoding 'UTF8' lc_collate 'C' lc_ctype 'C'" : "";
  await client.query(
    `create database ${pg.escapeIdentifier(name)}
       template ${pg.escapeIdentifier(template)} ${options}`,
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
