/** The system in processes of its own, on servers of this run, for whoever sends it something. */

import pg from "pg";
import { topologyFor } from "../../solutions/06-publishing/topology.ts";
import { queueNames } from "../../solutions/07-consuming/topology.ts";
import { bookingSubscriber, readModelSubscriber } from "../../solutions/13-cqrs-demo/parts.ts";
import { type RoleCounts, startRoles } from "../../solutions/13-cqrs-demo/roles.ts";
import { currentRun, onInterruption } from "../infrastructure/run.ts";
import { type Infrastructure, withInfrastructure } from "../infrastructure/with-infrastructure.ts";
import type { Fleet } from "../processes/fleet.ts";

export interface RunningRoles {
  readonly fleet: Fleet;
  /** Of the APIs. */
  readonly urls: readonly string[];
  /** Straight to the database, whatever stands before it for the roles. */
  readonly pool: pg.Pool;
  readonly servers: Infrastructure;
}

export interface RolesSettings {
  /** Where the roles find the servers; on the way there something may stand. */
  readonly through?: (servers: Infrastructure) => Promise<Through>;
  readonly onLine?: (name: string, line: string) => void;
}

export interface Through {
  readonly databaseUrl: string;
  readonly amqpUrl: string;
  stop(): Promise<void>;
}

/** No limit on a client: here one is many. */
const limits = { burst: 1_000_000, perSecond: 1_000_000 };

export function withRoles<T>(
  counts: RoleCounts,
  use: (running: RunningRoles) => Promise<T>,
  { through = directly, onLine = () => undefined }: RolesSettings = {},
): Promise<T> {
  return withInfrastructure(["postgres", "rabbitmq"], async (servers) => {
    const topology = topologyFor(servers.prefix);
    servers.registerExchanges(topology.exchange);
    for (const name of [readModelSubscriber, bookingSubscriber]) {
      servers.registerQueues(...queueNames(topology, name));
    }
    const between = await through(servers);
    const { databaseUrl, amqpUrl } = between;
    const run = await currentRun();
    const fleet = startRoles({
      run,
      counts,
      databaseUrl,
      amqpUrl,
      topology,
      limits,
      onLine,
      tells: process.env.TELLS === "1",
    });
    const pool = new pg.Pool({ connectionString: servers.databaseUrl, max: 3 });
    pool.on("error", () => {}); // the failed query tells
    const notInterrupted = onInterruption(() => fleet.stop());
    try {
      const reached = await fleet.ready();
      return await use({ fleet, urls: reached.filter((url) => url !== ""), pool, servers });
    } finally {
      notInterrupted();
      await fleet.stop();
      await pool.end();
      await between.stop();
    }
  });
}

async function directly({ databaseUrl, amqpUrl }: Infrastructure): Promise<Through> {
  return { databaseUrl, amqpUrl, stop: async () => {} };
}
