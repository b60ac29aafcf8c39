/**
 * Vitest's global set-up: starts the servers that the tests need and hands them to the workers.
 *
 * WORKSHOP_NEEDS says which; empty means none. Where it is not set, as in an editor, the test files do:
 * a pure step's tests wait for no server. One that is not to be had fails the tests that use it, and
 * no others.
 */

import type { TestProject } from "vitest/node";
import { needsOf } from "../workshop/steps.ts";
import {
  InfrastructureMissing,
  type RunningService,
  type Server,
  type ServiceName,
} from "./ladder.ts";
import { startPostgres } from "./postgres.ts";
import { startRabbitMQ } from "./rabbitmq.ts";
import { currentRun, endCurrentRun } from "./run.ts";

/** A server that the run may use, or why there is none. */
export type Provided = Server | { readonly missing: string };

declare module "vitest" {
  interface ProvidedContext {
    readonly postgres: Provided;
    readonly rabbitmq: Provided;
    readonly ledger: string;
  }
}

interface Infrastructure {
  /** What was started, or is being started, by this process. */
  readonly services: Map<ServiceName, Promise<Provided>>;
  users: number;
}

// Vitest loads this file once per project, all in one process: they share what was started.
const key = Symbol.for("event-sourcing-workshop.infrastructure");
const shared = globalThis as { [key]?: Infrastructure | undefined };

export async function setup(project: TestProject): Promise<void> {
  const infrastructure = joined();
  const { ledger, notices } = await currentRun();
  if (infrastructure.users === 1) {
    for (const notice of notices) process.stderr.write(`${notice}\n`);
  }
  project.provide("ledger", ledger);
  await provideServers(project, project.vitest.state.getPaths());
  // A process that an editor keeps may come to a step with servers after one without.
  project.onTestsRerun((specifications) =>
    provideServers(
      project,
      specifications.map(({ moduleId }) => moduleId),
    ),
  );
}

async function provideServers(project: TestProject, files: readonly string[]): Promise<void> {
  const needs = process.env.WORKSHOP_NEEDS?.split(",") ?? files.flatMap(needsOf);
  const isThere = (service: ServiceName): boolean => shared[key]?.services.has(service) === true;
  const get = (service: ServiceName, start: () => Promise<RunningService>) =>
    needs.includes(service) || isThere(service) ? once(service, start) : notAskedFor(service);
  const [postgres, rabbitmq] = await Promise.all([
    get("postgres", startPostgres),
    get("rabbitmq", startRabbitMQ),
  ]);
  project.provide("postgres", postgres);
  project.provide("rabbitmq", rabbitmq);
}

export async function teardown(): Promise<void> {
  const infrastructure = shared[key];
  if (!infrastructure) return;
  infrastructure.users -= 1;
  if (infrastructure.users > 0) return;
  shared[key] = undefined;
  for (const problem of await endCurrentRun()) {
    process.stderr.write(`Left for the next run to clean up: ${problem}\n`);
  }
}

/** Keeps the servers up between the runs of this process, until the result is called. */
export function keepServers(): () => Promise<void> {
  joined();
  return teardown;
}

function joined(): Infrastructure {
  shared[key] ??= { services: new Map(), users: 0 };
  shared[key].users += 1;
  return shared[key];
}

/** Starts the service for the first that needs it. A later run tries again where there was none. */
async function once(service: ServiceName, start: () => Promise<RunningService>): Promise<Provided> {
  const services = shared[key]?.services;
  const known = services?.get(service) ?? provided(start);
  services?.set(service, known);
  const result = await known;
  if ("missing" in result) services?.delete(service);
  return result;
}

/** What the workers get: plain data. A missing server is the failure of the tests that use it. */
async function provided(startService: () => Promise<RunningService>): Promise<Provided> {
  try {
    const { url, isPrivate, owner } = await startService();
    return { url, isPrivate, ...(owner && { owner }) };
  } catch (error) {
    if (error instanceof InfrastructureMissing) return { missing: error.message };
    throw error;
  }
}

function notAskedFor(service: ServiceName): Provided {
  const { WORKSHOP_NEEDS: needs } = process.env;
  const reason =
    needs === undefined
      ? "it belongs to none of the steps that were to be tested (shared/workshop/steps.ts)"
      : `WORKSHOP_NEEDS=${needs} does not name it`;
  return { missing: `This run started no ${service}: ${reason}.` };
}
