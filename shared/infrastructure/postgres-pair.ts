/**
 * A PostgreSQL and its standby, from the programs of this machine, for the tests of a failover. The standby
 * follows by streaming, and no commit is answered before the standby has it, too: what a client was told is
 * on both when the first one dies.
 */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { postgresPrograms } from "./machine-programs.ts";
import { greet, postgresProgram, serverArguments, startCluster } from "./postgres-cluster.ts";
import {
  account,
  type Home,
  lastLine,
  type PrivateServer,
  startPrivateServer,
} from "./private-server.ts";

export interface PostgresPair {
  readonly primary: PrivateServer;
  readonly standby: PrivateServer;
  /** Makes the standby a primary. First see to it that nobody writes to the other one any more. */
  promote(): Promise<void>;
  stop(): Promise<void>;
}

const standbyName = "standby";

/** The pair, or in a few words why there is none. Then nothing of it is left. */
export async function startPostgresPair(): Promise<PostgresPair | string> {
  const programs = postgresPrograms().find((folder) =>
    existsSync(postgresProgram(folder, "pg_basebackup")),
  );
  if (programs === undefined) return "no programs postgres, initdb and pg_basebackup";
  const primary = await startCluster(() => programs);
  if (typeof primary === "string") return primary;
  const standby = await startStandby(programs, primary.url);
  if (typeof standby === "string") {
    await primary.stop();
    return standby;
  }
  await waitForStandby(primary.url);
  return {
    primary,
    standby,
    promote: () => ask(standby.url, "select pg_promote(true, 30)").then(() => undefined),
    async stop() {
      await standby.stop();
      await primary.stop();
    },
  };
}

function startStandby(programs: string, primaryUrl: string): Promise<PrivateServer | string> {
  const { password } = new URL(primaryUrl);
  return startPrivateServer({
    title: "PostgreSQL's standby",
    ports: 1,
    farewell: "SIGINT",
    prepare: (home) => copy(programs, home, primaryUrl),
    programs: (home, [port]) => [
      { file: postgresProgram(programs, "postgres"), args: serverArguments(home, port) },
    ],
    url: ([port]) => `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    greet,
  });
}

/** A copy of the running primary, and the settings by which it goes on following. */
function copy(programs: string, home: Home, primaryUrl: string): void {
  const { username, password, hostname, port } = new URL(primaryUrl);
  const connection = `host=${hostname} port=${port} user=${username} application_name=${standbyName}`;
  const { status, stderr, error } = spawnSync(
    postgresProgram(programs, "pg_basebackup"),
    [
      ...["--pgdata", join(home.path, "data"), "--dbname", connection],
      ...["--write-recovery-conf", "--checkpoint=fast", "--no-sync"],
    ],
    {
      ...account,
      cwd: home.path,
      encoding: "utf8",
      windowsHide: true,
      env: { ...process.env, PGPASSWORD: password },
    },
  );
  if (status !== 0) throw error ?? new Error(`pg_basebackup failed: ${lastLine(stderr)}`);
}

/** Only now: without a standby that follows, each commit would wait for one. */
async function waitForStandby(url: string): Promise<void> {
  await ask(url, `alter system set synchronous_standby_names = '${standbyName}'`);
  await ask(url, "select pg_reload_conf()");
  const deadline = Date.now() + 30_000;
  for (;;) {
    const rows = await ask(
      url,
      "select from pg_stat_replication where state = 'streaming' and sync_state = 'sync'",
    );
    if (rows === 1) return;
    if (Date.now() > deadline) throw new Error("The standby does not follow.");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Answers how many rows there were. */
async function ask(url: string, sql: string): Promise<number> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on("error", () => {}); // the failed query tells
  try {
    await client.connect();
    return (await client.query(sql)).rowCount ?? 0;
  } finally {
    await client.end().catch(() => {});
  }
}
