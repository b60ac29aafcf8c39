/** Servers for a program that runs by itself: the demonstrations, the demo, the benchmark. */

import { brokerNames } from "./broker-names.ts";
import type { RunningService, ServiceName } from "./ladder.ts";
import { createDatabase } from "./own-database.ts";
import { startPostgres } from "./postgres.ts";
import { startRabbitMQ } from "./rabbitmq.ts";
import { currentRun } from "./run.ts";

/** Reading what was not asked for throws. */
export interface Infrastructure {
  readonly postgres: RunningService;
  /** A fresh database of this run. */
  readonly databaseUrl: string;
  readonly rabbitmq: RunningService;
  readonly amqpUrl: string;
  /** How the names of this run's queues and exchanges begin: `workshop-k3f9a2`. */
  readonly prefix: string;
  /** Notes names so that they are deleted at the end, also by the next run after a crash. */
  registerQueues(...names: readonly string[]): void;
  registerExchanges(...names: readonly string[]): void;
}

/** Starts what is needed, and removes all of it when `use` has ended, also after Ctrl-C or a crash. */
export async function withInfrastructure<T>(
  needs: readonly ServiceName[],
  use: (infrastructure: Infrastructure) => Promise<T>,
): Promise<T> {
  const run = await currentRun();
  for (const notice of run.notices) process.stderr.write(`${notice}\n`);
  const undo: (() => Promise<void>)[] = [];
  try {
    const postgres = needs.includes("postgres") ? await startPostgres() : undefined;
    if (postgres) undo.push(() => postgres.stop());
    const rabbitmq = needs.includes("rabbitmq") ? await startRabbitMQ() : undefined;
    if (rabbitmq) undo.push(() => rabbitmq.stop());
    const database = postgres && (await createDatabase(run, postgres));
    if (database) undo.push(() => database.drop());
    const names = rabbitmq && brokerNames(run, rabbitmq);
    if (names) undo.push(() => names.deleteAll());

    return await use({
      get postgres() {
        return present(postgres, "postgres");
      },
      get databaseUrl() {
        return present(database, "postgres").url;
      },
      get rabbitmq() {
        return present(rabbitmq, "rabbitmq");
      },
      get amqpUrl() {
        return present(rabbitmq, "rabbitmq").url;
      },
      get prefix() {
        return present(names, "rabbitmq").prefix;
      },
      registerQueues: (...queues) => present(names, "rabbitmq").register("queue", queues),
      registerExchanges: (...exchanges) =>
        present(names, "rabbitmq").register("exchange", exchanges),
    });
  } finally {
    // What fails here stays in the ledger; the exit tries again, then the next run.
    for (const step of undo.reverse()) await step().catch(() => {});
  }
}

function present<T>(value: T | undefined, service: ServiceName): T {
  if (value !== undefined) return value;
  throw new TypeError(`Ask withInfrastructure for "${service}" to use it.`);
}
