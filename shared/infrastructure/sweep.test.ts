import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, inject, it, vi } from "vitest";
import { sweep } from "./cleaning.ts";
import { temporaryFolder } from "./fixtures/run-program.ts";
import { beginLedger, type LedgerEntry, note } from "./ledger.ts";
import { identityOf } from "./process-identity.ts";

const dead = { pid: 4_000_000_000, started: "never" };
const unreachable = {
  kind: "database",
  server: "postgres://ada:s3cret@127.0.0.1:1/shop",
  name: "workshop_a_1",
} as const;

let temporary: ReturnType<typeof temporaryFolder>;
let idler: ChildProcess;
beforeEach(async () => {
  temporary = temporaryFolder();
  for (const name of ["TMPDIR", "TEMP", "TMP"]) vi.stubEnv(name, temporary.path);
  idler = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  await once(idler, "spawn");
});
afterEach(async () => {
  if (idler.exitCode === null && idler.signalCode === null) {
    idler.kill("SIGKILL");
    await once(idler, "exit");
  }
  vi.unstubAllEnvs();
  temporary.remove();
});

function ledgerOf(owner: { pid: number; started: string }, ...entries: LedgerEntry[]): string {
  const file = beginLedger({ run: `a${owner.pid}`, owner });
  for (const entry of entries) note(file, entry);
  return file;
}

function idlerIdentity() {
  const identity = identityOf(idler.pid ?? 0);
  if (!identity) throw new Error("The child process is gone.");
  return identity;
}

describe("the sweep", () => {
  it("has nothing to do where there was no run", async () => {
    expect(await sweep()).toEqual([]);
  });

  it("removes what a dead run has noted: processes and directories", async () => {
    const path = join(temporary.path, "made", "deep");
    mkdirSync(path, { recursive: true });
    const exit = once(idler, "exit");
    const file = ledgerOf(
      dead,
      { kind: "directory", path: join(temporary.path, "made") },
      { kind: "process", ...idlerIdentity() },
    );

    expect(await sweep()).toEqual([]);
    await exit;
    expect([existsSync(path), existsSync(file)]).toEqual([false, false]);
  });

  it("removes a database to which a worker has given another name since it was noted", async () => {
    const postgres = inject("postgres");
    if ("missing" in postgres) throw new Error(postgres.missing);
    const { url: server } = postgres;
    const file = ledgerOf(dead, { kind: "database", server, name: `workshop_a${dead.pid}_1` });
    const renamed = `workshop_a${dead.pid}_free_1`;
    const client = new pg.Client({ connectionString: server });
    await client.connect();
    try {
      await client.query(`create database ${renamed}`);

      expect(await sweep()).toEqual([]);
      const { rows } = await client.query("select from pg_database where datname = $1", [renamed]);
      expect([rows.length, existsSync(file)]).toEqual([0, false]);
    } finally {
      await client.query(`drop database if exists ${renamed}`);
      await client.end();
    }
  });

  it("does not touch a run that is alive", async () => {
    const path = join(temporary.path, "made");
    mkdirSync(path);
    const file = ledgerOf(idlerIdentity(), { kind: "directory", path });

    expect(await sweep()).toEqual([]);
    expect([existsSync(path), existsSync(file)]).toEqual([true, true]);
  });

  it("does not touch a process that has the pid of one that is gone", async () => {
    const file = ledgerOf(dead, { ...idlerIdentity(), kind: "process", started: "before" });

    expect(await sweep()).toEqual([]);
    expect(existsSync(file)).toBe(false);
    expect(idler.exitCode ?? idler.signalCode).toBeNull();
  });

  it("tries again later where the server is away", async () => {
    const file = ledgerOf(dead, unreachable);
    age(file, 23);

    expect(await sweep()).toEqual([]);
    expect(existsSync(file)).toBe(true);
  });

  it("has nothing to remove on a private server that was killed with its run", async () => {
    const server = "postgres://workshop:only-this-run-has-it@127.0.0.1:1/postgres";
    const throughProxy = server.replace(":1/", ":2/");
    const file = ledgerOf(
      dead,
      { kind: "process", ...dead, serves: server },
      { kind: "database", server: throughProxy, name: "workshop_a_1" },
    );

    expect(await sweep()).toEqual([]);
    expect(existsSync(file)).toBe(false);
  });

  it("gives up after a day, in words, without the password", async () => {
    const file = ledgerOf(dead, unreachable);
    age(file, 25);

    const notices = await sweep();

    expect(existsSync(file)).toBe(false);
    expect(notices).toEqual([
      "given up cleaning after run a4000000000: 1 database(s) on " +
        "postgres://ada@127.0.0.1:1/shop: connect ECONNREFUSED 127.0.0.1:1",
    ]);
  });
});

function age(file: string, hours: number): void {
  const then = new Date(Date.now() - hours * 3_600_000);
  utimesSync(file, then, then);
}
