/**
 * The whole system, put together: the one place that knows which part is plugged into which.
 *
 *   command -> handler (05) -> aggregate (01) -> event store (03, 04) -> relay (06)
 *           -> RabbitMQ -> subscriber (07) -> projection (08) -> read model -> query
 */

import { setTimeout as delay } from "node:timers/promises";
import { connect } from "amqplib";
import pg from "pg";
import { installSchemas } from "../../shared/infrastructure/schemas.ts";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import { postgresEventStore } from "../04-concurrency/event-store.ts";
import { handleCommand } from "../05-command-handlers/command-handler.ts";
import type { CommandEnvelope, CommandResult } from "../05-command-handlers/command-types.ts";
import { notifying } from "../06-publishing/notifying.ts";
import { type Relay, startRelay } from "../06-publishing/relay.ts";
import type { Topology } from "../06-publishing/topology.ts";
import { startSubscriber } from "../07-consuming/subscriber.ts";
import { catchUp } from "../08-projections/catch-up.ts";
import { project } from "../08-projections/projection.ts";
import { schemaFiles } from "../08-projections/schema.ts";
import { within } from "./time-limit.ts";

const connectTimeout = 5_000;
const startTimeout = 15_000;

/** The name of the subscriber whose events feed the read model; its queues begin with it. */
export const readModelSubscriber = "reservations";

export interface SystemOptions {
  readonly databaseUrl: string;
  readonly amqpUrl: string;
  readonly topology: Topology;
  /** Told of each event on its way; for measuring and logging, nothing depends on it. */
  readonly watch?: Watch;
}

export interface Watch {
  readonly onDecided?: (streamId: string) => void;
  readonly onPublished?: (event: EventEnvelope) => void;
  readonly onProjected?: (event: EventEnvelope) => void;
  /** Something broke, and is being tried again. */
  readonly onTrouble?: (part: "relay" | "subscriber" | "database", error: unknown) => void;
}

export interface ReservationSystem {
  /** Command side: what changes anything goes through here. */
  handle(command: CommandEnvelope): Promise<CommandResult>;
  /** The truth: each reservation's events. */
  readonly store: EventStore;
  /** Query side: the tables of the read model (the queries are in 08). */
  readonly readModel: pg.Pool;
  /** Ends the parts in the order of the flow, each after what it has in hand. */
  stop(): Promise<void>;
}

/**
 * Installs the tables, starts relay and subscriber, and answers when events flow.
 * @throws TimeLimitExceeded when the broker lets nobody consume; nothing is left running then
 */
export async function composeReservationSystem({
  databaseUrl,
  amqpUrl,
  topology,
  watch = {},
}: SystemOptions): Promise<ReservationSystem> {
  const pool = newPool(databaseUrl, 10, watch);
  // Of its own, so that a burst of commands never takes the connections that carry their events.
  const relayPool = newPool(databaseUrl, 3, watch);
  const store = notifying(watched(postgresEventStore(pool), watch), pool);
  const running: { stop(): Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    for (const part of running) await part.stop();
    await Promise.all([pool.end(), relayPool.end()]);
  };

  try {
    await installSchemas(pool, schemaFiles);
    const relay = startRelay({
      pool: relayPool,
      connectBroker: () => connect(amqpUrl, { timeout: connectTimeout, noDelay: true }),
      topology,
      name: "relay",
      onPublished: (events) => {
        for (const { event } of events) watch.onPublished?.(event);
      },
      onError: (error) => watch.onTrouble?.("relay", error),
    });
    running.push(relay);
    const subscriber = startSubscriber({
      amqpUrl,
      topology,
      name: readModelSubscriber,
      handle: async (event) => {
        await project(pool, store, event);
        watch.onProjected?.(event);
      },
      // The queues exist from here on; what was stored before them comes from the store itself.
      beforeConsuming: async () => {
        await catchUp(pool, store);
      },
      onLost: (why) => watch.onTrouble?.("subscriber", why),
    });
    running.push(subscriber);
    await within(startTimeout, "No subscriber consumes", subscriber.consuming);
    await within(startTimeout, "No relay is active", active(relay));
  } catch (error) {
    await stop();
    throw error;
  }
  return { handle: (command) => handleCommand(store, command), store, readModel: pool, stop };
}

function newPool(connectionString: string, max: number, { onTrouble }: Watch): pg.Pool {
  const pool = new pg.Pool({ connectionString, max });
  // Without a listener, an idle connection that the server closes would end the process.
  return pool.on("error", (error) => onTrouble?.("database", error));
}

async function active(relay: Relay): Promise<void> {
  while (!relay.isActive()) await delay(5, undefined, { ref: false });
}

/** The event store that says when a decision reaches it. */
function watched(store: EventStore, { onDecided }: Watch): EventStore {
  return {
    ...store,
    append: (streamId, events, expectedVersion) => {
      onDecided?.(streamId);
      return store.append(streamId, events, expectedVersion);
    },
  };
}
