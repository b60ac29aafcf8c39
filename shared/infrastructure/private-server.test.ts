/** Servers from the programs of this machine, where it has them. */

import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { connect } from "amqplib";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { addressesOf, isListening } from "./fixtures/listening.ts";
import { temporaryFolder } from "./fixtures/run-program.ts";
import type { RunningService } from "./ladder.ts";
import { readLedger } from "./ledger.ts";
import {
  postgresPrograms,
  rabbitPrograms,
  startPostgresOfThisMachine,
  startRabbitMQOfThisMachine,
} from "./machine-programs.ts";
import { startPostgres } from "./postgres.ts";
import { isAlive } from "./process-identity.ts";
import { startRabbitMQ } from "./rabbitmq.ts";
import { currentRun } from "./run.ts";

const hasPostgres = postgresPrograms().length > 0;
const hasRabbitMQ = typeof rabbitPrograms() !== "string";
const loopback = ["0100007F", "00000000000000000000000001000000"];

// RabbitMQ takes its five seconds, and more on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

const services: RunningService[] = [];
beforeEach(() => {
  vi.stubEnv("WORKSHOP_INFRA", "binaries");
});
afterEach(async () => {
  for (const service of services.splice(0)) await service.stop();
  vi.unstubAllEnvs();
});

async function started(start: () => Promise<RunningService>): Promise<RunningService> {
  const service = await start();
  services.push(service);
  return service;
}

/** What this run has noted and not yet removed. */
async function noted() {
  const pending = readLedger((await currentRun()).ledger)?.pending ?? [];
  return {
    processes: pending.flatMap((entry) => (entry.kind === "process" ? [entry] : [])),
    directories: pending.flatMap((entry) => (entry.kind === "directory" ? [entry.path] : [])),
  };
}

async function query(url: string, sql: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {}); // the failed query tells
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

function withPassword(url: string, password: string): string {
  const stranger = new URL(url);
  stranger.password = password;
  return stranger.href;
}

/** Holds of a server's processes: on Linux, where a process tells its sockets. */
function listensOnLoopbackOnly(processes: readonly { readonly pid: number }[], atLeast: number) {
  const addresses = processes.flatMap(({ pid }) => addressesOf(pid));
  expect(addresses.length).toBeGreaterThanOrEqual(atLeast);
  expect(addresses.filter((address) => !loopback.includes(address))).toEqual([]);
}

describe.runIf(hasPostgres)("PostgreSQL from this machine's programs", () => {
  it("is for who has its password, and another one has another", async () => {
    const one = await started(startPostgres);
    const other = await started(startPostgres);

    expect(one.label).toMatch(/^PostgreSQL \d+ \(private\)$/);
    expect(one.isPrivate).toBe(true);
    expect(new URL(one.url).password).toMatch(/^[\w-]{20}$/);
    expect(new URL(one.url).password).not.toBe(new URL(other.url).password);
    await expect(query(withPassword(one.url, "postgres"), "select 1")).rejects.toMatchObject({
      code: "28P01",
    });
  });

  it("has its data and its port again after a restart, and open connections do not stop it", async () => {
    const service = await started(startPostgres);
    await query(service.url, "create table kept as select 42 as answer");
    const idle = new pg.Client({ connectionString: service.url });
    const cut = new Promise((resolve) => idle.on("error", resolve));
    await idle.connect();

    await service.restart?.();

    await cut;
    expect(await query(service.url, "table kept")).toEqual([{ answer: 42 }]);
  });

  it("leaves no process, port or directory when stopped", async () => {
    const service = await started(startPostgres);
    const { processes, directories } = await noted();
    expect([processes.map(isAlive), directories.map(existsSync)]).toEqual([[true], [true]]);

    await service.stop();

    expect([processes.map(isAlive), directories.map(existsSync)]).toEqual([[false], [false]]);
    expect(await isListening(Number(new URL(service.url).port))).toBe(false);
    expect(await noted()).toEqual({ processes: [], directories: [] });
  });

  it.runIf(process.platform === "linux")("listens on loopback only", async () => {
    await started(startPostgres);

    listensOnLoopbackOnly((await noted()).processes, 1);
  });

  it("is passed over where it is too old", async () => {
    expect(await startPostgresOfThisMachine(99)).toMatch(
      /^none that starts in version 99 or later: /,
    );
  });
});

describe.runIf(hasRabbitMQ)("RabbitMQ from this machine's programs", () => {
  let service: RunningService;
  beforeAll(async () => {
    vi.stubEnv("WORKSHOP_INFRA", "binaries");
    service = await startRabbitMQ();
  }, 90_000);
  afterAll(() => service.stop());

  it("is for who has its password, and has no guest", async () => {
    expect(service.label).toMatch(/^RabbitMQ \d+\.\d+ \(private\)$/);
    expect(service.isPrivate).toBe(true);
    expect(new URL(service.url).password).toMatch(/^[\w-]{20}$/);
    await expect(connect(withPassword(service.url, "workshop"))).rejects.toThrow("ACCESS_REFUSED");
    await expect(connect(service.url.replace(/workshop:[^@]+/, "guest:guest"))).rejects.toThrow(
      "ACCESS_REFUSED",
    );
  });

  it.runIf(process.platform === "linux")("listens on loopback only", async () => {
    // For clients, for other nodes, and epmd twice, which adds ::1 by itself.
    listensOnLoopbackOnly((await noted()).processes, 3);
  });

  it("has its messages and its port again after a restart", async () => {
    await publishOne(service.url);

    await service.restart?.();

    expect(await getOne(service.url)).toBe("kept");
  });

  it("leaves no process, port or directory when stopped", async () => {
    const { processes, directories } = await noted();
    expect(processes.map(isAlive)).toEqual([true, true]);
    expect(directories.map(existsSync)).toEqual([true]);

    await service.stop();

    expect(processes.map(isAlive)).toEqual([false, false]);
    expect(directories.map(existsSync)).toEqual([false]);
    expect(await isListening(Number(new URL(service.url).port))).toBe(false);
    expect(await noted()).toEqual({ processes: [], directories: [] });
  });
});

describe.skipIf(process.platform === "win32")("a temporary folder that a shell would run", () => {
  let temporary: ReturnType<typeof temporaryFolder>;
  let hostile: string;
  beforeEach(() => {
    temporary = temporaryFolder();
    hostile = join(temporary.path, '$(touch run) `touch run`; touch "run" & touch run');
    mkdirSync(hostile);
    vi.stubEnv("TMPDIR", hostile);
  });
  afterEach(() => {
    temporary.remove();
  });

  function madeByShell(): readonly string[] {
    const files = readdirSync(temporary.path, { recursive: true }).map(String);
    return files.filter((file) => basename(file) === "run");
  }

  it.runIf(hasPostgres)("is a name like any other to PostgreSQL", async () => {
    const service = await started(startPostgres);

    expect(service.label).toMatch(/^PostgreSQL \d+ \(private\)$/);
    expect(madeByShell()).toEqual([]);
  });

  it.runIf(hasRabbitMQ)("is not for RabbitMQ, which would give it to one", async () => {
    expect(await startRabbitMQOfThisMachine()).toContain("no $ may be in the path of its files");
    expect(readdirSync(hostile)).toEqual([]);
  });

  it.runIf(hasRabbitMQ)("may have a space", async () => {
    const spaced = join(temporary.path, "a space");
    mkdirSync(spaced);
    vi.stubEnv("TMPDIR", spaced);

    expect((await started(startRabbitMQ)).label).toMatch(/^RabbitMQ/);
  });
});

describe.skipIf(process.platform === "win32")("programs that do not work", () => {
  let temporary: ReturnType<typeof temporaryFolder>;
  beforeEach(() => {
    temporary = temporaryFolder();
    const programs = join(temporary.path, "sbin");
    vi.stubEnv("PATH", `${programs}:${process.env.PATH}`);
    mkdirSync(programs);
    mkdirSync(join(temporary.path, "plugins", "rabbit-3.0"), { recursive: true });
  });
  afterEach(() => {
    temporary.remove();
  });

  function program(name: string, ...lines: readonly string[]): void {
    const file = join(temporary.path, "sbin", name);
    writeFileSync(file, ["#!/bin/sh", ...lines, ""].join("\n"));
    chmodSync(file, 0o755);
  }

  const version = '[ "$1" = --version ] && echo "postgres (PostgreSQL) 15.1" && exit 0';

  it.each([
    [
      "initdb",
      ["echo first >&2", "echo no space left >&2", "exit 1"],
      ["exit 0"],
      "initdb failed: no space left",
    ],
    ["postgres", ["exit 0"], ["echo first", "echo no shared memory", "exit 1"], "no shared memory"],
    ["postgres in silence", ["exit 0"], ["exit 1"], "it ends without a word"],
  ])("say why PostgreSQL does not start: %s", async (_, initdb, postgres, why) => {
    program("initdb", ...initdb);
    program("postgres", version, ...postgres);

    expect(await startPostgresOfThisMachine(13)).toBe(`PostgreSQL does not start: ${why}`);
    expect(await noted()).toEqual({ processes: [], directories: [] });
  });

  it("say why RabbitMQ does not start, and its helper does not stay", async () => {
    program("rabbitmq-server");
    program("epmd", "exec sleep 600");
    program("erl", "sleep 0.2", "echo first", "echo no beam today", "exit 1");

    expect(await startRabbitMQOfThisMachine()).toBe("RabbitMQ does not start: no beam today");
    expect(await noted()).toEqual({ processes: [], directories: [] });
  });

  it("are told by their path where they cannot be executed", async () => {
    program("rabbitmq-server");
    program("epmd");
    program("erl");
    const epmd = join(temporary.path, "sbin", "epmd");
    chmodSync(epmd, 0o644);

    expect(await startRabbitMQOfThisMachine()).toBe(
      `RabbitMQ does not start: ${epmd} cannot be executed`,
    );
  });

  it("are no reason to look elsewhere where they are asked for", async () => {
    program("initdb", "echo no space left >&2", "exit 1");
    program("postgres", version);

    await expect(startPostgres()).rejects.toMatchObject({
      name: "InfrastructureMissing",
      message: expect.stringContaining("binaries: PostgreSQL does not start: initdb failed"),
    });
  });
});

async function publishOne(url: string): Promise<void> {
  const connection = await connect(url);
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue("kept", { durable: true, arguments: { "x-queue-type": "quorum" } });
  channel.sendToQueue("kept", Buffer.from("kept"), { persistent: true });
  await channel.waitForConfirms();
  await connection.close();
}

async function getOne(url: string): Promise<string | undefined> {
  const connection = await connect(url);
  try {
    const channel = await connection.createChannel();
    const message = await channel.get("kept", { noAck: true });
    return message === false ? undefined : message.content.toString();
  } finally {
    await connection.close();
  }
}
