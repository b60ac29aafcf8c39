/** A private PostgreSQL from a folder of its programs, wherever they come from. */

import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import {
  account,
  type Home,
  lastLine,
  type PrivateServer,
  randomPassword,
  startPrivateServer,
} from "./private-server.ts";

/**
 * Makes a cluster and starts it. `locate` returns the folder of `postgres` and `initdb`, which
 * may be a copy that it makes in the cluster's home. Resolves to the reason where that fails.
 */
export function startCluster(locate: (home: Home) => string): Promise<PrivateServer | string> {
  const password = randomPassword();
  let programs = "";
  return startPrivateServer({
    title: "PostgreSQL",
    ports: 1,
    farewell: "SIGINT",
    prepare: (home) => {
      programs = locate(home);
      initialise(programs, home, password);
    },
    programs: (home, [port]) => [
      {
        file: postgresProgram(programs, "postgres"),
        args: serverArguments(home, port),
      },
    ],
    url: ([port]) => `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    greet,
  });
}

/** What `postgres` is started with, on the cluster in `data`. */
export function serverArguments(home: Home, port: number | undefined): readonly string[] {
  return [
    ...["-D", join(home.path, "data"), "-p", String(port)],
    ...["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="],
    // The cluster lives as long as the run: nothing has to survive a power cut.
    ...["-c", "fsync=off", "-c", "full_page_writes=off"],
  ];
}

/** Resolves when the server takes connections. */
export async function greet(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on("error", () => {}); // the failed connection tells
  await client.connect();
  await client.end();
}

/** `bin/postgres` of the folder `bin`, as this system calls it. */
export function postgresProgram(
  folder: string,
  name: "postgres" | "initdb" | "pg_basebackup",
): string {
  return join(folder, process.platform === "win32" ? `${name}.exe` : name);
}

/** What `postgres --version` says to the account that would run it, or undefined where it cannot. */
export function versionOf(folder: string): string | undefined {
  const { status, stdout } = spawnSync(postgresProgram(folder, "postgres"), ["--version"], {
    ...account,
    cwd: "/",
    encoding: "utf8",
    windowsHide: true,
  });
  return status === 0 ? stdout.trim() : undefined;
}

function initialise(programs: string, home: Home, password: string): void {
  const passwordFile = home.write("password", `${password}\n`);
  const { status, stderr, error } = spawnSync(
    postgresProgram(programs, "initdb"),
    [
      `--pgdata=${join(home.path, "data")}`,
      `--pwfile=${passwordFile}`,
      "--username=postgres",
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--locale=C",
      "--no-sync",
    ],
    { ...account, cwd: home.path, encoding: "utf8", windowsHide: true },
  );
  rmSync(passwordFile, { force: true });
  if (status !== 0) throw error ?? new Error(`initdb failed: ${lastLine(stderr)}`);
}
