/**
 * The servers die under load, as machines do: a node of three of RabbitMQ, then the PostgreSQL that all commands
 * are written to. On private servers from this machine's programs.
 */

import { afterEach, describe, expect, it, vi } from "vitest";
import { parseRoles } from "../../solutions/13-cqrs-demo/roles.ts";
import { postgresPrograms, rabbitPrograms } from "../infrastructure/machine-programs.ts";
import { startPostgresPair } from "../infrastructure/postgres-pair.ts";
import { startProxy, type TcpProxy } from "../infrastructure/proxy.ts";
import { startRabbitCluster } from "../infrastructure/rabbitmq-cluster.ts";
import { judge } from "./judge.ts";
import { type RunningTraffic, startTraffic } from "./traffic.ts";
import { withRoles } from "./with-roles.ts";

const isHere = postgresPrograms().length > 0 && typeof rabbitPrograms() !== "string";
// Five servers and four processes start, on a machine that may be busy.
vi.setConfig({ testTimeout: 300_000 });

const opened: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.stop();
  vi.unstubAllEnvs();
});

function ended<T extends { stop(): Promise<void> }>(started: T | string): T {
  if (typeof started === "string") throw new Error(started);
  opened.push(started);
  return started;
}

/** So many more commands are acknowledged: the system works. */
async function more(traffic: RunningTraffic): Promise<void> {
  const enough = traffic.acknowledged() + 50;
  await expect.poll(traffic.acknowledged, { timeout: 60_000 }).toBeGreaterThan(enough);
}

describe.runIf(isHere)("a cluster of three RabbitMQ nodes, and a PostgreSQL with a standby", () => {
  it("lose a node and the primary under load, and no acknowledged command with them", async () => {
    const rabbit = ended(await startRabbitCluster());
    const postgres = ended(await startPostgresPair());
    const [survivor, node] = rabbit.nodes;
    // What stands before servers in production: a balancer, an address that moves. Clients keep theirs.
    const toRabbit: TcpProxy = ended(await startProxy(node.url));
    const toPostgres: TcpProxy = ended(await startProxy(postgres.primary.url));
    vi.stubEnv("WORKSHOP_INFRA", "urls");
    vi.stubEnv("AMQP_URL", toRabbit.url);
    vi.stubEnv("DATABASE_URL", toPostgres.url);

    await withRoles(parseRoles("api,relay,projector,saga"), async ({ urls, pool }) => {
      const stop = new AbortController();
      const traffic = startTraffic({ urls, seed: 2, clients: 4, until: stop.signal });
      await more(traffic);

      // All clients are on this node, so the leaders of all queues are, too.
      await node.stop();
      toRabbit.retarget(survivor.url);
      toRabbit.cut();
      await more(traffic);

      // First the old one is fenced off, then the new one takes over: two that take writes are two truths.
      toPostgres.takeDown();
      await postgres.primary.stop();
      await postgres.promote();
      toPostgres.retarget(postgres.standby.url);
      toPostgres.bringBack();
      await more(traffic);

      stop.abort();
      const sent = await traffic.ended;
      const { events, ...verdict } = await judge(pool, sent, 120_000);
      expect(verdict).toEqual({ lost: [], doubled: [], differences: [], notConserved: undefined });
      expect(events).toBeGreaterThan(sent.acknowledged.length);
      expect(sent.acknowledged.length).toBeGreaterThan(150);
      expect(sent.resent).toBeGreaterThan(0);
    });
  });
});
