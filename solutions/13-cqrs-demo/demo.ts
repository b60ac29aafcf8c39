/**
 * `npm run demo`: the whole system on real servers, five actions and three bookings on it, and where each
 * event is when. On a terminal it then serves its API until Ctrl-C; else, or with `--no-serve`, it ends by
 * itself, with exit code 0 when all went well. Either way no database, queue or process stays behind.
 *
 *   --serve, --no-serve   whatever the output is
 *   --port 8080           serve there, and nowhere else
 *   --trace               show one request as a trace
 *   --roles api,relay*2,projector,saga   each role a process of its own, and one reservation's life through them
 */

import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createTracing } from "../../shared/api/tracing.ts";
import {
  type Infrastructure,
  withInfrastructure,
} from "../../shared/infrastructure/with-infrastructure.ts";
import { topologyFor } from "../06-publishing/topology.ts";
import { queueNames } from "../07-consuming/topology.ts";
import { createClock } from "./clock.ts";
import { bookingSubscriber, composeReservationSystem, readModelSubscriber } from "./composition.ts";
import { demonstrateRoles } from "./demonstrate-roles.ts";
import { tracingWatch } from "./event-tracing.ts";
import { fiveActions } from "./five-actions.ts";
import { HopFailed } from "./follow.ts";
import { showTrace } from "./one-trace.ts";
import { parseRoles, type RoleCounts } from "./roles.ts";
import { failure, heading } from "./screen.ts";
import { serveUntilEnded } from "./serving.ts";
import { settle } from "./settle.ts";
import { threeBookings } from "./three-bookings.ts";
import { createTrace, type Trace } from "./trace.ts";
import { both } from "./watch.ts";
import { composeWithLab } from "./with-lab.ts";

const trace = createTrace();
try {
  const wishes = asked();
  const { counts, serves, port } = wishes;
  await withInfrastructure(["postgres", "rabbitmq"], (servers) =>
    counts
      ? demonstrateRoles(servers, { counts, serves, port })
      : demonstrate(servers, trace, wishes),
  );
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  failure(message, detailsOf(error, trace.lastTrouble()));
  process.exit(1); // Not only the exit code: a dead connection would keep the process alive.
}

async function demonstrate(
  servers: Infrastructure,
  trace: Trace,
  { serves, traces, port }: Wishes,
): Promise<void> {
  heading(`Reservation demo · ${servers.postgres.label} · ${servers.rabbitmq.label}`);
  const { databaseUrl, amqpUrl, prefix } = servers;
  const topology = topologyFor(prefix);
  servers.registerExchanges(topology.exchange);
  servers.registerQueues(...queueNames(topology, readModelSubscriber));
  servers.registerQueues(...queueNames(topology, bookingSubscriber));
  const clock = createClock();
  const now = (): string => clock.now();
  const addresses = { databaseUrl, amqpUrl, topology };
  const tracing = traces ? createTracing() : undefined;
  const watch = tracing ? both(trace.watch, tracingWatch(tracing)) : trace.watch;
  const options = { ...addresses, now, watch };
  const { system, routes } = serves
    ? await composeWithLab(options)
    : { system: await composeReservationSystem(options), routes: [] };
  try {
    await fiveActions(system, topology, trace);
    await settle(system, trace, await threeBookings(system, trace, clock));
    if (tracing) await showTrace(system, addresses, clock, watch, tracing);
    if (serves) await serveUntilEnded({ system, servers: addresses, routes, clock, port });
  } finally {
    // A server that does not answer must not keep us: what the run made is removed from outside.
    await Promise.race([system.stop(), delay(3_000, undefined, { ref: false })]);
  }
}

interface Wishes {
  readonly serves: boolean;
  readonly traces: boolean;
  readonly port: number | undefined;
  readonly counts: RoleCounts | undefined;
}

/** @throws TypeError, RangeError for what cannot be asked */
function asked(): Wishes {
  const { values } = parseArgs({
    options: {
      serve: { type: "boolean" },
      "no-serve": { type: "boolean" },
      port: { type: "string" },
      trace: { type: "boolean", default: false },
      roles: { type: "string" },
      // Whose code it is, shared/workshop/demo.ts has seen to.
      mine: { type: "boolean" },
    },
  });
  const port = values.port === undefined ? undefined : Number(values.port);
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port < 65_536)) {
    throw new RangeError(`${values.port} is no port: take a number from 1 to 65535.`);
  }
  const onTerminal = process.stdout.isTTY === true && values["no-serve"] !== true;
  const serves = values.serve ?? (onTerminal || port !== undefined);
  const counts = values.roles === undefined ? undefined : parseRoles(values.roles);
  return { serves, traces: values.trace, port, counts };
}

/** Why it failed, and what broke before that. */
function detailsOf(error: unknown, trouble: string | undefined): readonly string[] {
  const isStored = error instanceof HopFailed && error.hop !== "event store";
  return [
    ...(error instanceof HopFailed ? [`why      ${error.why}`] : []),
    ...(trouble === undefined ? [] : [`trouble  ${trouble}`]),
    ...(isStored ? ["safe     The event is stored: a relay that runs again carries it on."] : []),
  ];
}
