/**
 * The whole system, put together: the one place that knows which part is plugged into which.
 *
 *   command -> write side (01, 04, 05, 10, 11) -> event store (03) -> relay (06)
 *           -> RabbitMQ -> projector (07, 08, 09) -> read model -> query
 *                       -> saga (07, 12) -> event store, and commands
 *
 * Each role runs alone as well, and several of each side by side: what they share is the database and
 * the broker, and nothing else.
 */

import type pg from "pg";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import type { CommandEnvelope, CommandResult } from "../05-command-handlers/command-types.ts";
import { eventsChannel } from "../06-publishing/notifying.ts";
import { bookingDayProjection } from "../09-rebuild/booking-day.ts";
import { projectLive } from "../09-rebuild/live-projection.ts";
import { firstProjection, type Projection } from "../09-rebuild/projection.ts";
import { upcast } from "../11-versioning/upcast.ts";
import { belongsToBookings } from "../12-saga/deciders.ts";
import {
  openPool,
  openStore,
  openWriteSide,
  type Part,
  type Servers,
  startProjectorPart,
  startRelayPart,
  startSagaPart,
} from "./parts.ts";
import { installTables } from "./schema-files.ts";
import { within } from "./time-limit.ts";
import type { Watch } from "./watch.ts";
import { type HandleOptions, handle, stamping } from "./write-side.ts";

export { bookingSubscriber, readModelSubscriber } from "./parts.ts";

export type Role = "relay" | "projector" | "saga";

const allRoles: readonly Role[] = ["relay", "projector", "saga"];
const startTimeout = 15_000;

export interface SystemOptions extends Servers {
  /** By which bookings time out: ISO 8601 in UTC. */
  readonly now: () => string;
  /** All of them when left out; none for a process that only takes commands and answers queries. */
  readonly roles?: readonly Role[];
  /** For measuring and logging, nothing depends on it. */
  readonly watch?: Watch;
  /** Milliseconds within which every part has to be ready; 15,000 when left out. */
  readonly startWithin?: number;
}

export interface ReservationSystem {
  /** Command side: what changes a reservation goes through here. */
  handle(command: CommandEnvelope, options?: HandleOptions): Promise<CommandResult>;
  /** The truth: each stream's events. */
  readonly store: EventStore;
  /** Query side: the tables of the read model (the queries are in 08). */
  readonly readModel: pg.Pool;
  /** Has relay and bookings look what there is to do now, wherever they run, and not only once a second. */
  wakeBookings(): Promise<void>;
  /** Ends the parts in the order of the flow, each after what it has in hand. May be called twice. */
  stop(): Promise<void>;
}

/** What the roles of one process share. */
export interface Core {
  readonly pool: pg.Pool;
  readonly store: EventStore;
  readonly handle: ReservationSystem["handle"];
}

/** Parts that are ready. */
export interface Running {
  stop(): Promise<void>;
}

/**
 * The same projection for what really lies in a store: rows of any age, and those of hotels, guests and
 * bookings, which have no row in this read model.
 */
export function forAllRows(projection: Projection): Projection {
  // BEGIN SOLUTION: the projection, but that its `apply` gets what upcast (of ../11-versioning/upcast.ts) makes of
  // the rows that do not belong to bookings (belongsToBookings, of ../12-saga/deciders.ts). A row may be two
  // events of today. A batch of rows stays a batch: one call for all of them. And a row that
  // nobody knows is for upcast to refuse: left out, it would be missing without a word.
  const isOurs = (row: EventEnvelope): boolean => !belongsToBookings(row);
  return {
    ...projection,
    apply: (db, rows) => projection.apply(db, rows.filter(isOurs).flatMap(upcast)),
  };
  // END SOLUTION
}

/** The versions of the projection that this code knows; which one is live, the database says (09). */
export function knownProjections(): readonly Projection[] {
  return [firstProjection, bookingDayProjection].map(forAllRows);
}

/** Which part is plugged into which: each role, ready to be started. */
export function partsOf(
  { now, watch = {}, ...servers }: SystemOptions,
  { pool, store, handle }: Core,
): Readonly<Record<Role, () => Part>> {
  // BEGIN SOLUTION: three functions, which start nothing yet (of ./parts.ts). relay: startRelayPart. projector:
  // startProjectorPart, whose `project` is projectLive (of ../09-rebuild/live-projection.ts) with all
  // knownProjections, on this pool and store. saga: startSagaPart on this store and by this clock, `now`; it
  // sends its commands to reservations where everybody does: to the `handle` of the core, not to
  // the imported one. `watch` hears of all three.
  const projections = knownProjections();
  const project = (event: EventEnvelope): Promise<void> =>
    projectLive(pool, store, projections, event);
  return {
    relay: () => startRelayPart(servers, watch),
    projector: () => startProjectorPart(servers, pool, store, watch, project),
    saga: () => startSagaPart(servers, store, now, watch, handle),
  };
  // END SOLUTION
}

/**
 * Starts the parts side by side, and answers when all of them are ready.
 * @param limit milliseconds that each of them has, from the same moment on
 * @throws TimeLimitExceeded that names the one that is not ready in time, or what the first failed with, as
 *   soon as it fails; none is left running then
 */
export async function startParts(
  starts: readonly (() => Part)[],
  limit = startTimeout,
): Promise<Running> {
  // BEGIN SOLUTION: start each and note it; then wait for all of them at once until they are `ready`, each `within`
  // (of ./time-limit.ts) the limit, which is told who it is: "The relay is not ready". `stop` stops those that
  // were started, one after the other, in their order: first who takes work in. When a start throws
  // or a wait fails, stop what is running already before the failure goes on.
  const running: Part[] = [];
  const stop = async (): Promise<void> => {
    for (const part of running) await part.stop();
  };
  try {
    for (const start of starts) running.push(start());
    await Promise.all(
      running.map(({ name, ready }) => within(limit, `The ${name} is not ready`, ready)),
    );
    return { stop };
  } catch (error) {
    await stop();
    throw error;
  }
  // END SOLUTION
}

/**
 * Installs the tables, starts the roles, and answers when events flow. Given.
 * @throws TimeLimitExceeded when a part does not come up; nothing is left running then
 */
export async function composeReservationSystem(options: SystemOptions): Promise<ReservationSystem> {
  const { roles = allRoles, watch = {} } = options;
  const pool = openPool(options, 10, watch);
  try {
    await installTables(pool);
    const store = stamping(openStore(pool, watch));
    const { side, settled } = openWriteSide(pool, store, watch);
    const core: Core = { pool, store, handle: (command, more) => handle(side, command, more) };
    const parts = partsOf(options, core);
    const running = await startParts(
      roles.map((role) => parts[role]),
      options.startWithin,
    );
    let stopped: Promise<void> | undefined;
    const stopAll = async (): Promise<void> => {
      await running.stop();
      await settled();
      await pool.end();
    };
    const stop = (): Promise<void> => {
      stopped ??= stopAll();
      return stopped;
    };
    const wakeBookings = async (): Promise<void> => {
      await pool.query(`notify ${eventsChannel}`);
    };
    return { handle: core.handle, store, readModel: pool, wakeBookings, stop };
  } catch (error) {
    await pool.end();
    throw error;
  }
}
