/** What a run would use here: the ladder is climbed, and what it starts is stopped again. */

import { reasonOf } from "../infrastructure/address.ts";
import { type Finding, fine, stopping, type World } from "./doctor-finding.ts";
import { firstPlace, type UrlVariable } from "./doctor-port.ts";

const services = {
  DATABASE_URL: { about: "PostgreSQL", steps: "03 to 06, 08", load: loadPostgres },
  AMQP_URL: { about: "RabbitMQ", steps: "06, 07", load: loadRabbitMQ },
} as const;

/** Where a run takes this server from; no finding where `earlier` ones tell already that its URL is broken. */
export async function lookAtLadder(
  world: World,
  variable: UrlVariable,
  earlier: readonly Finding[],
): Promise<readonly Finding[]> {
  const isTold = earlier.some(({ about, mark }) => about === variable && mark === "stopping");
  if (isTold && firstPlace(world, variable) === "urls") return [];
  const { about, steps, load } = services[variable];
  try {
    const start = await load();
    const service = await start();
    await service.stop();
    return [fine(`a run uses`, service.label)];
  } catch (error) {
    const found = `no ${about}, so not steps ${steps}: ${reasonOf(error, world.env[variable] ?? "")}`;
    const remedy = "npm run infra tells what was tried; docker compose up -d brings one";
    return [stopping("a run uses", found, remedy)];
  }
}

// Only when needed: the doctor has to say so where a package is missing.
async function loadPostgres() {
  return (await import("../infrastructure/postgres.ts")).startPostgres;
}

async function loadRabbitMQ() {
  return (await import("../infrastructure/rabbitmq.ts")).startRabbitMQ;
}
