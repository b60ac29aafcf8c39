/**
 * What the roles are made of: each part can be started beside others of its kind, in one process or in
 * many, and ends with what it has in hand. Given.
 */

import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { connect } from "amqplib";
import pg from "pg";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import { postgresEventStore } from "../04-concurrency/event-store.ts";
import { notifying } from "../06-publishing/notifying.ts";
import { startRelay } from "../06-publishing/relay.ts";
import type { Topology } from "../06-publishing/topology.ts";
import { startSubscriber } from "../07-consuming/subscriber.ts";
import { catchUp } from "../08-projections/catch-up.ts";
import { createSnapshots } from "../10-snapshots/taking.ts";
import { startDispatcher } from "../12-saga/dispatcher-process.ts";
import { handleEvent } from "../12-saga/inbox.ts";
import type { HandleReservation } from "../12-saga/outbox.ts";
import { catchUpBeside, catchUpFrom } from "./catch-up-from.ts";
import type { Watch } from "./watch.ts";
import type { WriteSide } from "./write-side.ts";

/** The name of the subscriber whose events feed the read model; its queues begin with it. */
export const readModelSubscriber = "reservations";
/** That of the bookings, which hear what guests, hotels and reservations have decided. */
export const bookingSubscriber = "bookings";

const connectTimeout = 5_000;
/** A snapshot is worth its write from here on. */
const snapshotPolicy = { everyEvents: 100, slowerThan: 20 };

/** A running part. */
export interface Part {
  readonly name: string;
  /** Resolves when it works, or stands by for another one that does. */
  readonly ready: Promise<unknown>;
  /** Ends it after what it has in hand. Never rejects, and may be called twice. */
  stop(): Promise<void>;
}

export interface Servers {
  readonly databaseUrl: string;
  readonly amqpUrl: string;
  readonly topology: Topology;
  /** How many connections to the database each use may have at the most, from 4 on; its own number when left out. */
  readonly connections?: number;
  /** The partitions that this process consumes first, of several; all when left out (07). */
  readonly first?: readonly number[];
}

/** Connections for one use each, so that a burst of commands never takes those that carry its events. */
export function openPool(
  { databaseUrl, connections = Number.POSITIVE_INFINITY }: Servers,
  max: number,
  { onTrouble }: Watch,
  application = "reservations",
): pg.Pool {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: Math.min(max, connections),
    application_name: application,
    connectionTimeoutMillis: connectTimeout,
  });
  // Without a listener, a connection that is lost between two statements would end the process. Whoever
  // has it in hand is told by the next statement; of an idle one the pool tells.
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool.on("error", (error) => onTrouble?.("database", error));
}

/** The store that says when a decision reaches it, and rings after each append. */
export function openStore(pool: pg.Pool, { onDecided, onStored }: Watch): EventStore {
  const store = postgresEventStore(pool);
  const watched: EventStore = {
    ...store,
    async append(streamId, events, expectedVersion) {
      onDecided?.(streamId);
      const began = performance.now();
      const result = await store.append(streamId, events, expectedVersion);
      if (!result.repeated) onStored?.(streamId, events, performance.now() - began);
      return result;
    },
  };
  return notifying(watched, pool);
}

/** What the write path needs; `settled` when nothing is being saved beside it any more. */
export function openWriteSide(
  pool: pg.Pool,
  store: EventStore,
  { onTrouble }: Watch,
): { readonly side: WriteSide; settled(): Promise<void> } {
  const report = (problem: unknown): void => onTrouble?.("snapshots", problem);
  const snapshots = createSnapshots(pool, store, snapshotPolicy, report);
  return { side: { store, db: pool, snapshots, report }, settled: () => snapshots.settled() };
}

/** From the store to the bus. Of several one works, the others wait for its end. */
export function startRelayPart(servers: Servers, watch: Watch): Part {
  const application = `relay ${randomUUID()}`;
  const pool = openPool(servers, 3, watch, application);
  const relay = startRelay({
    pool,
    connectBroker: () => connect(servers.amqpUrl, { timeout: connectTimeout, noDelay: true }),
    topology: servers.topology,
    name: "relay",
    onPublished: (events) => {
      for (const { event } of events) watch.onPublished?.(event);
    },
    onError: (error) => watch.onTrouble?.("relay", error),
  });
  const stopping = new AbortController();
  const ready = async (): Promise<void> => {
    while (!relay.isActive() && !stopping.signal.aborted) {
      if (await anotherLeads(pool, "relay", application).catch(() => false)) return;
      await delay(5, undefined, { ref: false });
    }
  };
  return part("relay", ready(), async () => {
    stopping.abort();
    await relay.stop();
    await pool.end();
  });
}

/** From the bus to the read model. `project` brings it to one event, and knows duplicates. */
export function startProjectorPart(
  servers: Servers,
  pool: pg.Pool,
  store: EventStore,
  watch: Watch,
  project: (event: EventEnvelope) => Promise<void>,
): Part {
  const trouble = (why: unknown): void => watch.onTrouble?.("projector", why);
  const projectOrTell = orTell(trouble, project);
  const catchingUp = catchUpBeside(
    (signal) =>
      catchUpFrom(pool, readModelSubscriber, signal, async (events) => {
        await catchUp(pool, onlyWith(store, events), events.length, (event) => {
          signal.throwIfAborted();
          return project(event);
        });
      }),
    trouble,
  );
  const subscriber = startSubscriber({
    ...servers,
    name: readModelSubscriber,
    handle: async (event) => {
      await watch.beforeProjected?.(event);
      await projectOrTell(event);
      watch.onProjected?.(event);
    },
    // The queues exist from here on; what was stored before them comes from the store itself.
    beforeConsuming: async () => catchingUp.begin(),
    onLost: trouble,
  });
  return part("projector", subscriber.consuming, async () => {
    await Promise.all([subscriber.stop(), catchingUp.stop()]);
  });
}

/** From the bus to the bookings, and from the bookings to commands. */
export function startSagaPart(
  servers: Servers,
  store: EventStore,
  now: () => string,
  watch: Watch,
  handleReservation: HandleReservation,
): Part {
  const trouble = (why: unknown): void => watch.onTrouble?.("saga", why);
  const hearOrTell = orTell(trouble, (event) => handleEvent(store, event));
  const pool = openPool(servers, 4, watch, "dispatcher");
  const catchingUp = catchUpBeside(
    (signal) =>
      catchUpFrom(pool, bookingSubscriber, signal, async (events) => {
        for (const event of events) {
          signal.throwIfAborted();
          await handleEvent(store, event);
        }
      }),
    trouble,
  );
  const subscriber = startSubscriber({
    ...servers,
    name: bookingSubscriber,
    handle: async (event) => {
      await watch.beforeHeard?.(event);
      await hearOrTell(event);
      watch.onHeard?.(event);
    },
    beforeConsuming: async () => catchingUp.begin(),
    onLost: trouble,
  });
  const dispatcher = startDispatcher({
    pool,
    store,
    name: "bookings",
    now,
    handleReservation,
    onError: (error) => watch.onTrouble?.("dispatcher", error),
  });
  const stop = async (): Promise<void> => {
    await Promise.all([subscriber.stop(), catchingUp.stop()]);
    await dispatcher.stop();
    await pool.end();
  };
  return part("saga", subscriber.consuming, stop);
}

/** The same, with word of each failure: the subscriber tries again, and would park it without one. */
function orTell(
  trouble: (why: unknown) => void,
  handle: (event: EventEnvelope) => Promise<unknown>,
): (event: EventEnvelope) => Promise<void> {
  return async (event) => {
    try {
      await handle(event);
    } catch (error) {
      trouble(error);
      throw error;
    }
  };
}

/** A store of a page. What is missing before it, `project` reads from the whole. */
function onlyWith(store: EventStore, events: readonly EventEnvelope[]): EventStore {
  return {
    ...store,
    readAll: async function* () {
      yield* events;
    },
  };
}

function part(name: string, ready: Promise<unknown>, stop: () => Promise<void>): Part {
  let stopped: Promise<void> | undefined;
  return {
    name,
    ready,
    stop: () => {
      stopped ??= stop().catch(() => undefined);
      return stopped;
    },
  };
}

/** Whether another process holds the lock of this name (06, leadership): then this one stands by. */
async function anotherLeads(pool: pg.Pool, name: string, application: string): Promise<boolean> {
  const { rows } = await pool.query(
    `select
       from pg_locks join pg_stat_activity using (pid)
      where locktype = 'advisory' and granted and datname = current_database()
        and (classid::bigint << 32 | objid::bigint) = hashtextextended('relay ' || $1, 0)
        and application_name <> $2`,
    [name, application],
  );
  return rows.length > 0;
}
