/**
 * The whole system, put together: the one place that knows which part is plugged into which.
 *
 *   command -> handler (05) -> aggregate (01) -> event store (03, 04) -> relay (06)
 *           -> RabbitMQ -> subscriber (07) -> projection (08) -> read model -> query
 *                       -> subscriber (07) -> booking (12) -> event store -> dispatcher (12) -> command
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
import { belongsToBookings } from "../12-saga/deciders.ts";
import { startDispatcher } from "../12-saga/dispatcher-process.ts";
import { catchUpBookings, handleEvent } from "../12-saga/inbox.ts";
import { schemaFiles } from "../12-saga/schema.ts";
import { within } from "./time-limit.ts";

const connectTimeout = 5_000;
const startTimeout = 15_000;

/** The name of the subscriber whose events feed the read model; its queues begin with it. */
export const readModelSubscriber = "reservations";
/** That of the bookings, which hear what guests, hotels and reservations have decided. */
export const bookingSubscriber = "bookings";

export interface SystemOptions {
  readonly databaseUrl: string;
  readonly amqpUrl: string;
  readonly topology: Topology;
  /** By which bookings time out: ISO 8601 in UTC. */
  readonly now: () => string;
  /** Told of each event on its way; for measuring and logging, nothing depends on it. */
  readonly watch?: Watch;
}

export interface Watch {
  readonly onDecided?: (streamId: string) => void;
  readonly onPublished?: (event: EventEnvelope) => void;
  readonly onProjected?: (event: EventEnvelope) => void;
  /** Before a booking hears of it; what it waits for, the bus waits for. */
  readonly beforeHeard?: (event: EventEnvelope) => Promise<void>;
  readonly onHeard?: (event: EventEnvelope) => void;
  /** Something broke, and is being tried again. */
  readonly onTrouble?: (
    part: "relay" | "subscriber" | "dispatcher" | "database",
    error: unknown,
  ) => void;
}

export interface ReservationSystem {
  /** Command side: what changes anything goes through here. */
  handle(command: CommandEnvelope): Promise<CommandResult>;
  /** The truth: each reservation's events. */
  readonly store: EventStore;
  /** Has the bookings' dispatcher look what is due now, and not only once a second. */
  wakeBookings(): void;
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
  now,
  watch = {},
}: SystemOptions): Promise<ReservationSystem> {
  const pool = newPool(databaseUrl, 10, watch);
  // Of its own, so that a burst of commands never takes the connections that carry their events.
  const relayPool = newPool(databaseUrl, 3, watch);
  const dispatcherPool = newPool(databaseUrl, 4, watch);
  const store = notifying(watched(postgresEventStore(pool), watch), pool);
  const running: { stop(): Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    for (const part of running) await part.stop();
    await Promise.all([pool, relayPool, dispatcherPool].map((each) => each.end()));
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
        // Hotels, guests and bookings have no row in this read model.
        if (belongsToBookings(event)) return;
        await project(pool, store, event);
        watch.onProjected?.(event);
      },
      // The queues exist from here on; what was stored before them comes from the store itself.
      beforeConsuming: async () => {
        await catchUp(pool, reservationsOnly(store));
      },
      onLost: (why) => watch.onTrouble?.("subscriber", why),
    });
    running.push(subscriber);
    const bookings = startSubscriber({
      amqpUrl,
      topology,
      name: bookingSubscriber,
      handle: async (event) => {
        await watch.beforeHeard?.(event);
        await handleEvent(store, event);
        watch.onHeard?.(event);
      },
      beforeConsuming: () => catchUpBookings(store),
      onLost: (why) => watch.onTrouble?.("subscriber", why),
    });
    running.push(bookings);
    const dispatcher = startDispatcher({
      pool: dispatcherPool,
      store,
      name: "bookings",
      now,
      onError: (error) => watch.onTrouble?.("dispatcher", error),
    });
    running.push(dispatcher);
    await within(startTimeout, "No subscriber consumes", subscriber.consuming);
    await within(startTimeout, "No booking listens", bookings.consuming);
    await within(startTimeout, "No relay is active", active(relay));
    return {
      handle: (command) => handleCommand(store, command),
      store,
      wakeBookings: () => dispatcher.wake(),
      readModel: pool,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The store as the read model sees it. */
function reservationsOnly(store: EventStore): EventStore {
  return {
    ...store,
    async *readAll(options) {
      for await (const event of store.readAll(options)) {
        if (!belongsToBookings(event)) yield event;
      }
    },
  };
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
