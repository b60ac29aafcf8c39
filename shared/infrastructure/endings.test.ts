/** How runs end, by processes of their own: nothing may stay behind. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "amqplib";
import { afterEach, beforeEach, describe, expect, inject, it, vi } from "vitest";
import { sweep } from "./cleaning.ts";
import {
  databasesLike,
  leftIn,
  type Made,
  type Program,
  startProgram,
  temporaryFolder,
} from "./fixtures/run-program.ts";
import { postgresPrograms, rabbitPrograms } from "./machine-programs.ts";
import { isAlive } from "./process-identity.ts";

const postgres = inject("postgres");
const rabbitmq = inject("rabbitmq");
const server = "url" in postgres ? postgres.url : "";
const broker = "url" in rabbitmq ? rabbitmq.url : "";
const needs = broker === "" ? "postgres" : "both";
const hasPrograms = postgresPrograms().length > 0 && typeof rabbitPrograms() !== "string";

// Whole processes start here, some with a PostgreSQL: a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

let temporary: ReturnType<typeof temporaryFolder>;
const programs: Program[] = [];
beforeEach(() => {
  temporary = temporaryFolder();
  // Sweeps in this process look there too.
  for (const name of ["TMPDIR", "TEMP", "TMP"]) vi.stubEnv(name, temporary.path);
});
afterEach(async () => {
  for (const { process: child, ended } of programs.splice(0)) {
    child.kill("SIGKILL");
    await ended;
  }
  vi.unstubAllEnvs();
  temporary.remove();
});

function start(script: "program.ts" | "test-run.ts", args: string[], env = {}): Program {
  const urls = { WORKSHOP_INFRA: "", DATABASE_URL: server, AMQP_URL: broker };
  const program = startProgram(script, args, temporary.path, { ...urls, ...env });
  programs.push(program);
  return program;
}

async function queueExists(name: string | undefined): Promise<boolean> {
  if (name === undefined) return false;
  const connection = await connect(broker);
  try {
    const channel = await connection.createChannel();
    channel.on("error", () => {});
    return await channel.checkQueue(name).then(
      () => true,
      () => false,
    );
  } finally {
    await connection.close();
  }
}

async function whatIsLeft(made: Made): Promise<readonly string[]> {
  const queues = (await queueExists(made.queue)) ? [made.queue ?? ""] : [];
  return [...(await databasesLike(server, made.databaseUrl)), ...queues, ...leftIn(temporary.path)];
}

describe("a program with its own database and queues", () => {
  it("leaves nothing when it throws where nobody catches it", async () => {
    const program = start("program.ts", ["throw-outside", needs]);
    const made = await program.made;

    expect(await program.ended).toBe(1);
    expect(await whatIsLeft(made)).toEqual([]);
  });

  it("is left alone by other runs while it lives, and leaves nothing at Ctrl-C", async () => {
    const program = start("program.ts", ["wait", needs]);
    const made = await program.made;
    const atWork = await whatIsLeft(made);
    await sweep();
    expect(atWork).not.toEqual([]);
    expect(await whatIsLeft(made)).toEqual(atWork);
    program.process.kill("SIGINT");

    expect(await program.ended).toBe(130);
    expect(await whatIsLeft(made)).toEqual([]);
  });

  it("leaves no server behind that it has started itself", async () => {
    const program = start("program.ts", ["wait"], { WORKSHOP_INFRA: "embedded" });
    const made = await program.made;
    const servers = processesIn(ledgerText());
    expect(made.label).toContain("embedded");
    expect(servers.map(isAlive)).toEqual([true]);
    program.process.kill("SIGHUP");

    expect(await program.ended).toBe(129);
    expect(servers.map(isAlive)).toEqual([false]);
    expect(leftIn(temporary.path)).toEqual([]);
  });
});

describe("a program that was killed", () => {
  it("is cleaned up after by the next run", async () => {
    const killed = start("program.ts", ["wait", needs]);
    const made = await killed.made;
    killed.process.kill("SIGKILL");
    await killed.ended;
    expect(await whatIsLeft(made)).not.toEqual([]);

    expect(await start("program.ts", ["return"]).ended).toBe(0);
    expect(await whatIsLeft(made)).toEqual([]);
  });

  const own = [
    { place: "embedded", with: "postgres", processes: 1, isHere: true },
    // PostgreSQL, RabbitMQ and its epmd.
    { place: "binaries", with: "both", processes: 3, isHere: hasPrograms },
  ];
  for (const { place, with: services, processes, isHere } of own) {
    it.runIf(isHere)(`has its servers ended and their directories removed: ${place}`, async () => {
      const killed = start("program.ts", ["wait", services], { WORKSHOP_INFRA: place });
      await killed.made;
      const servers = processesIn(ledgerText());
      killed.process.kill("SIGKILL");
      await killed.ended;
      expect(servers.map(isAlive)).toEqual(Array(processes).fill(true));

      expect(await sweep()).toEqual([]);
      expect(servers.map(isAlive)).toEqual(Array(processes).fill(false));
      expect(leftIn(temporary.path)).toEqual([]);
    });
  }
});

describe("a test run", () => {
  it("leaves nothing at SIGTERM", async () => {
    const run = start("test-run.ts", []);
    const made = await run.made;
    run.process.kill("SIGTERM");

    expect(await run.ended).toBe(143);
    expect(await whatIsLeft(made)).toEqual([]);
  });

  it("that was killed is cleaned up after, and a worker that still runs is ended", async () => {
    const run = start("test-run.ts", [], { WORKSHOP_BLOCK: "1" });
    const made = await run.made;
    const workers = processesIn(ledgerText());
    run.process.kill("SIGKILL");
    await run.ended;
    expect(workers.map(isAlive)).toEqual([true]);

    expect(await sweep()).toEqual([]);
    expect(workers.map(isAlive)).toEqual([false]);
    expect(await whatIsLeft(made)).toEqual([]);
  });
});

function ledgers(): readonly string[] {
  return readdirSync(temporary.path, { recursive: true })
    .map((name) => join(temporary.path, String(name)))
    .filter((path) => path.endsWith(".jsonl"));
}

function ledgerText(): string {
  return ledgers()
    .map((path) => readFileSync(path, "utf8"))
    .join("");
}

/** The processes that ledgers name beside their owners. */
function processesIn(text: string): { readonly pid: number; readonly started: string }[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line))
    .flatMap(({ note }) => (note?.kind === "process" || note?.kind === "worker" ? [note] : []));
}
