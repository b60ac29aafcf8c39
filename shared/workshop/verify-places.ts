/** The reference's tests and the demo, in every place that servers come from here. */

import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  InfrastructureMissing,
  type RungName,
  type RunningService,
  type ServiceName,
} from "../infrastructure/ladder.ts";
import { startPostgres } from "../infrastructure/postgres.ts";
import { startRabbitMQ } from "../infrastructure/rabbitmq.ts";
import { currentRun } from "../infrastructure/run.ts";
import { bold, dim, green, red } from "./paint.ts";
import { root } from "./steps.ts";
import { printTable } from "./verify-table.ts";

/** A program that ends with 0 when all is well, run once in each place. */
interface Check {
  readonly name: string;
  readonly script: string;
  readonly args: readonly string[];
  /** `any`: it copes with a missing server. */
  readonly servers: "any" | "all";
}

const checks: readonly Check[] = [
  {
    name: "steps",
    script: "shared/workshop/test.ts",
    args: ["--tree", "reference"],
    servers: "any",
  },
  { name: "demo", script: "solutions/13-cqrs-demo/demo.ts", args: [], servers: "all" },
];

/** What a place has to offer: a server's name, or why there is none. */
type Offer = { readonly server: string } | { readonly why: string };

export interface Counted {
  readonly passed: number;
  readonly failed: number;
}

export interface Result {
  readonly place: RungName;
  readonly offers: Readonly<Record<ServiceName, Offer>>;
  /** Seconds by the name of the check; what is missing was not run. */
  readonly outcomes: ReadonlyMap<string, { readonly passed: boolean; readonly seconds: number }>;
}

/** Prints a line for each check and a table of all; what this machine has not got is named. */
export async function verifyPlaces(places: readonly RungName[]): Promise<Counted> {
  for (const notice of (await currentRun()).notices) console.error(notice);
  const results: Result[] = [];
  for (const place of places) results.push(await verify(place));
  console.log("");
  printTable(
    checks.map(({ name }) => name),
    results,
  );
  const outcomes = results.flatMap((result) => [...result.outcomes.values()]);
  const failed = outcomes.filter(({ passed }) => !passed).length;
  return { passed: outcomes.length - failed, failed };
}

async function verify(place: RungName): Promise<Result> {
  const offers = {
    postgres: await offer(place, startPostgres),
    rabbitmq: await offer(place, startRabbitMQ),
  };
  const servers = Object.values(offers).flatMap((each) => ("server" in each ? [each.server] : []));
  const outcomes = new Map<string, { readonly passed: boolean; readonly seconds: number }>();
  if (servers.length > 0) console.log(`${bold(place)} · ${servers.join(" · ")}`);
  for (const check of checks) {
    const isPossible = check.servers === "all" ? servers.length === 2 : servers.length > 0;
    if (isPossible) outcomes.set(check.name, await run(check, place));
  }
  return { place, offers, outcomes };
}

async function offer(place: RungName, start: () => Promise<RunningService>): Promise<Offer> {
  process.env.WORKSHOP_INFRA = place;
  try {
    const service = await start();
    await service.stop();
    return { server: service.label.replace(/ \(.*/, "") };
  } catch (error) {
    if (!(error instanceof InfrastructureMissing)) throw error;
    const last = error.message.split("\n").at(-1) ?? "";
    return { why: last.replace(`  - ${place}: `, "") };
  }
}

/** Runs the check and prints a line; of a failed one what it had to say in the end, too. */
async function run(
  { name, script, args }: Check,
  place: RungName,
): Promise<{ readonly passed: boolean; readonly seconds: number }> {
  const started = performance.now();
  const { passed, output } = await runProgram(script, args, place);
  const seconds = (performance.now() - started) / 1000;
  console.log(`  ${passed ? green("✔") : red("✘")} ${name.padEnd(8)} ${seconds.toFixed(0)} s`);
  if (!passed) {
    for (const line of output.trimEnd().split("\n").slice(-40)) console.log(dim(`    ${line}`));
  }
  return { passed, seconds };
}

function runProgram(
  script: string,
  args: readonly string[],
  place: RungName,
): Promise<{ readonly passed: boolean; readonly output: string }> {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--import", tsx, join(root, script), ...args], {
      // In a step's folder a test would be of that step alone.
      env: { ...process.env, WORKSHOP_INFRA: place, INIT_CWD: root },
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 15 * 60_000,
    });
    const endWithUs = () => child.kill();
    process.on("exit", endWithUs);
    const output: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => output.push(chunk));
    child.on("error", reject);
    child.on("close", (code) => {
      process.off("exit", endWithUs);
      resolve({ passed: code === 0, output: Buffer.concat(output).toString("utf8") });
    });
  });
}
