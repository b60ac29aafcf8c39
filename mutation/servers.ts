/** Servers that are started once and serve every mutant: one that hangs is killed together with its test runner. */

import { handDown } from "../shared/infrastructure/handed-down.ts";
import type { ServiceName } from "../shared/infrastructure/ladder.ts";
import { startPostgres } from "../shared/infrastructure/postgres.ts";
import { startRabbitMQ } from "../shared/infrastructure/rabbitmq.ts";
import { currentRun } from "../shared/infrastructure/run.ts";

/** Starts what is needed; `use` gets what tells a child process where it is. */
export async function withServers<T>(
  needs: readonly ServiceName[],
  use: (environment: Readonly<Record<string, string>>) => Promise<T>,
): Promise<T> {
  for (const notice of (await currentRun()).notices) process.stderr.write(`${notice}\n`);
  const postgres = needs.includes("postgres") ? await startPostgres() : undefined;
  try {
    const rabbitmq = needs.includes("rabbitmq") ? await startRabbitMQ() : undefined;
    try {
      return await use(handDown({ postgres, rabbitmq }));
    } finally {
      await rabbitmq?.stop();
    }
  } finally {
    await postgres?.stop();
  }
}
