/** Removes what a run has left, by its ledger and by its id in the names of databases. */

import { rmSync } from "node:fs";
import { connect } from "amqplib";
import pg from "pg";
import { reasonOf, withoutPassword } from "./address.ts";
import {
  allLedgers,
  endLedger,
  type Ledger,
  type LedgerEntry,
  readLedger,
  type ServerProcess,
} from "./ledger.ts";
import { end, isAlive } from "./process-identity.ts";

const connectTimeout = 3_000;
const giveUpAfter = 24 * 60 * 60 * 1_000;
const noSuchDatabase = "3D000";

/** Every session of a run carries this name, so that one that is still at work can be ended first. */
export function applicationNameOf(run: string): string {
  return `workshop_${run}`;
}

/**
 * Removes everything that is noted in the ledger and closes it. What could not be removed stays
 * noted, for the next run, and is returned in words.
 */
export async function cleanUp(file: string): Promise<readonly string[]> {
  const ledger = readLedger(file);
  if (!ledger) return [];
  const problems: string[] = [];
  // The last that was made is the first to go.
  const entries = ledger.pending
    .filter((entry) => entry.kind !== "worker")
    .filter((entry) => !isGoneWithItsServer(entry, ledger.pending))
    .reverse();
  for (const { remove, what } of tasksFor(entries, ledger.run)) {
    try {
      await remove();
    } catch (error) {
      problems.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (problems.length === 0) endLedger(file);
  return problems;
}

/**
 * Ends the workers of a run that did not come to an orderly end, which would go on making things,
 * then cleans up. (At an orderly end they have finished, and Vitest takes leave of them itself.)
 */
export async function cleanUpAfterInterruption(file: string): Promise<readonly string[]> {
  for (const entry of readLedger(file)?.pending ?? []) {
    if (entry.kind === "worker") await end(entry, "SIGKILL");
  }
  return cleanUp(file);
}

/**
 * Cleans up after runs that could not do so themselves: killed, crashed, or without their server.
 * Returns what the user should know about.
 */
export async function sweep(): Promise<readonly string[]> {
  const notices: string[] = [];
  for (const ledger of allLedgers()) {
    if (isAlive(ledger.owner)) continue;
    const problems = await cleanUpAfterInterruption(ledger.file);
    if (problems.length === 0 || !isTooOld(ledger)) continue;
    endLedger(ledger.file);
    notices.push(`given up cleaning after run ${ledger.run}: ${problems.join("; ")}`);
  }
  return notices;
}

/** A server that is away may come back, but not for ever. */
function isTooOld(ledger: Ledger): boolean {
  return Date.now() - ledger.writtenAt.getTime() > giveUpAfter;
}

/**
 * What was made on a server that another process had handed down (`handed-down.ts`), or on one of the run's
 * own that was killed as well. A private server is known by its password: a proxy may stand before it.
 */
function isGoneWithItsServer(entry: LedgerEntry, all: readonly LedgerEntry[]): boolean {
  if (!("server" in entry)) return false;
  if (entry.owner !== undefined && !isAlive(entry.owner)) return true;
  const { password } = new URL(entry.server);
  const servers = all.filter(
    (other): other is ServerProcess =>
      other.kind === "process" &&
      other.serves !== undefined &&
      new URL(other.serves).password === password,
  );
  return password !== "" && servers.length > 0 && !servers.some(isAlive);
}

interface Task {
  readonly what: string;
  remove(): Promise<void>;
}

/** One task for each server, so that it is asked once; one for everything else. */
function tasksFor(entries: readonly LedgerEntry[], run: string): readonly Task[] {
  const tasks = new Map<string, Task>();
  for (const entry of entries) {
    switch (entry.kind) {
      case "database": {
        const names = namesOn(entries, entry.server, ["database"]);
        tasks.set(entry.server, {
          what: `${names.length} database(s) on ${withoutPassword(entry.server)}`,
          remove: () => dropDatabases(entry.server, names, run),
        });
        break;
      }
      case "queue":
      case "exchange": {
        const queues = namesOn(entries, entry.server, ["queue"]);
        const exchanges = namesOn(entries, entry.server, ["exchange"]);
        tasks.set(entry.server, {
          what: `${queues.length + exchanges.length} queue(s) and exchange(s) on ${withoutPassword(entry.server)}`,
          remove: () => deleteFromBroker(entry.server, queues, exchanges),
        });
        break;
      }
      case "containers":
        tasks.set(entry.label, {
          what: `container ${entry.label}`,
          remove: () => removeContainers(entry.label),
        });
        break;
      case "directory":
        tasks.set(entry.path, {
          what: entry.path,
          remove: async () =>
            rmSync(entry.path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
        });
        break;
      case "process":
        // SIGQUIT is PostgreSQL's immediate shutdown: it takes its own processes along.
        tasks.set(`process ${entry.pid}`, {
          what: `process ${entry.pid}`,
          remove: () => end(entry, "SIGQUIT"),
        });
        break;
    }
  }
  return [...tasks.values()];
}

function namesOn(
  entries: readonly LedgerEntry[],
  server: string,
  kinds: readonly LedgerEntry["kind"][],
): readonly string[] {
  return entries.flatMap((entry) =>
    kinds.includes(entry.kind) && "server" in entry && entry.server === server ? [entry.name] : [],
  );
}

/** Removes containers in whatever state they are, by their label. */
export async function removeContainers(label: string): Promise<void> {
  const { getContainerRuntimeClient } = await import("testcontainers");
  const { container } = await getContainerRuntimeClient();
  const left = await container.dockerode.listContainers({ all: true, filters: { label: [label] } });
  for (const { Id } of left) await container.getById(Id).remove({ force: true, v: true });
}

async function dropDatabases(server: string, names: readonly string[], run: string): Promise<void> {
  const client = new pg.Client({
    connectionString: server,
    connectionTimeoutMillis: connectTimeout,
  });
  client.on("error", () => {}); // the failed query tells
  try {
    await client.connect();
    await endSessions(client, run);
    await untilLeft(client, names);
    for (const name of names) await dropIfThere(client, name);
    // A worker that is a thread ends later than its run: what it has made or renamed since the ledger was read.
    for (const name of await databasesOf(client, run)) await dropIfThere(client, name);
  } catch (error) {
    throw new Error(reasonOf(error, server));
  } finally {
    await client.end().catch(() => {});
  }
}

async function dropIfThere(client: pg.Client, name: string): Promise<void> {
  try {
    await client.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
  } catch (error) {
    // Two runs may sweep at once; what counts is that it is gone.
    if (!(error instanceof pg.DatabaseError) || error.code !== noSuchDatabase) throw error;
  }
}

/** Those that have the run's id in their name, which no other run has. */
async function databasesOf(client: pg.Client, run: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ datname: string }>(
    "select datname from pg_database where starts_with(datname, $1)",
    [`workshop_${run}_`],
  );
  return rows.map(({ datname }) => datname);
}

/**
 * A pool that was just ended has said goodbye, but the server may not have heard it yet; to be
 * terminated in that moment is an error in a program that did all right. Waits a second at the most.
 */
export async function untilLeft(client: pg.Client, databases: readonly string[]): Promise<void> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const { rowCount } = await client.query(
      "select from pg_stat_activity where datname = any($1)",
      [databases],
    );
    if (rowCount === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A `create database` goes on in the server when its client is killed: it would outlive the cleaning. */
async function endSessions(client: pg.Client, run: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const { rowCount } = await client.query(
      `select pg_terminate_backend(pid)
         from pg_stat_activity
        where application_name = $1 and pid <> pg_backend_pid()`,
      [applicationNameOf(run)],
    );
    if (rowCount === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A quorum queue with a dead node takes five seconds to delete, and a channel does one thing at a time. */
const lanes = 24;

export async function deleteFromBroker(
  server: string,
  queues: readonly string[],
  exchanges: readonly string[],
): Promise<void> {
  if (queues.length + exchanges.length === 0) return;
  const connection = await connect(server, { timeout: connectTimeout, noDelay: true }).catch(
    (error: unknown) => {
      throw new Error(reasonOf(error, server));
    },
  );
  connection.on("error", () => {}); // the failed request tells
  try {
    const channels = await Promise.all(
      Array.from({ length: Math.min(queues.length + 1, lanes) }, () => connection.createChannel()),
    );
    for (const channel of channels) channel.on("error", () => {});
    const [one] = channels;
    await Promise.all(
      channels.map(async (channel, lane) => {
        const own = queues.filter((_, index) => index % channels.length === lane);
        for (const name of own) await channel.deleteQueue(name);
      }),
    );
    for (const name of exchanges) await one?.deleteExchange(name);
  } finally {
    await connection.close().catch(() => {});
  }
}
