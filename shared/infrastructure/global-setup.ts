/**
 * Vitest's global set-up: starts the servers that the tests need and hands them to the workers.
 *
 * WORKSHOP_NEEDS says which, `postgres,rabbitmq` where it is not set; empty means none. A server
 * that is not to be had fails the tests that use it, and no others.
 */

import type { TestProject } from "vitest/node";
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
  readonly ledger: string;
  readonly postgres: Provided;
  readonly rabbitmq: Provided;
}

// Vitest loads this file once per project, all in one process: they share what was started.
const key = Symbol.for("event-sourcing-workshop.infrastructure");
const shared = globalThis as {
  [key]?: { readonly started: Promise<Infrastructure>; users: number } | undefined;
};

export async function setup(project: TestProject): Promise<void> {
  shared[key] ??= { started: start(), users: 0 };
  shared[key].users += 1;
  const { ledger, postgres, rabbitmq } = await shared[key].started;
  project.provide("ledger", ledger);
  project.provide("postgres", postgres);
  project.provide("rabbitmq", rabbitmq);
}

export async function teardown(): Promise<void> {
  const state = shared[key];
  if (!state) return;
  state.users -= 1;
  if (state.users > 0) return;
  shared[key] = undefined;
  for (const problem of await endCurrentRun()) {
    process.stderr.write(`Left for the next run to clean up: ${problem}\n`);
  }
}

async function start(): Promise<Infrastructure> {
  const needs = (process.env.WORKSHOP_NEEDS ?? "postgres,rabbitmq").split(",");
  const { ledger, notices } = await currentRun();
  for (const notice of notices) process.stderr.write(`${notice}\n`);
  const [postgres, rabbitmq] = await Promise.all([
    needs.includes("postgres") ? provided(startPostgres) : { missing: notAskedFor("postgres") },
    needs.includes("rabbitmq") ? provided(startRabbitMQ) : { missing: notAskedFor("rabbitmq") },
  ]);
  return { ledger, postgres, rabbitmq };
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

function notAskedFor(service: ServiceName): string {
  return `This run started no ${service}: WORKSHOP_NEEDS=${process.env.WORKSHOP_NEEDS} does not name it.`;
}
