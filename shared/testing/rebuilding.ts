/** Read models that are rebuilt in tests: a fresh start, what stands in the build, and moments in the middle. */

import { readFile } from "node:fs/promises";
import type pg from "pg";
import { beforeEach } from "vitest";
import { postgresEventStore } from "../../solutions/04-concurrency/event-store.ts";
import type { CommittedEvent } from "../../solutions/06-publishing/commit-order.ts";
import { isHeldBack } from "../../solutions/06-publishing/horizon.ts";
import { catchUp } from "../../solutions/08-projections/catch-up.ts";
import type { Projection } from "../../solutions/09-rebuild/projection.ts";
import type { EventEnvelope } from "../kernel/event.ts";
import type { EventStore } from "../kernel/event-store.ts";
import { intercept, textOf } from "./connections.ts";
import { type TestDatabase, useDatabase } from "./database.ts";
import { newEvent } from "./new-events.ts";
import { confirmed, created } from "./reservations.ts";
import { until } from "./waiting.ts";

const tables = new URL("../../solutions/08-projections/schema.sql", import.meta.url);

/**
 * The read model as step 08 made it, empty, with no build beside it: a test may have left another one.
 * Made new only where it is not there: to drop tables and to make them takes the server long.
 */
export async function resetReadModel(pool: pg.Pool): Promise<void> {
  await pool.query(
    `drop schema if exists rebuild cascade;
     ${await readFile(tables, "utf8")};
     alter table reservations_view drop column if exists booked_on;
     delete from projected_streams; delete from reservations_view; delete from hotel_occupancy;
     delete from live_projections`,
  );
}

/** A database and a store for a test file, with an empty read model before each test. Call it at the top of the file. */
export function useReadModel(): { readonly database: TestDatabase; store(): EventStore } {
  const database = useDatabase(9);
  beforeEach(() => resetReadModel(database.setUpPool));
  return { database, store: () => postgresEventStore(database.setUpPool) };
}

/** What `threeAreLive` makes, in a story. */
export const threeLive = "3 confirmed reservations, 6 events, stored and live";

/** Stores reservation-1 to -3, created and confirmed, and projects them into the live read model. */
export function threeAreLive(pool: pg.Pool): Promise<void> {
  return storeLive(pool, ["reservation-1", "reservation-2", "reservation-3"]);
}

/** Stores a created and a confirmed event for each of these reservations, and projects them. */
export async function storeLive(pool: pg.Pool, ids: readonly string[]): Promise<void> {
  await storeReservations(pool, ids);
  await catchUp(pool, postgresEventStore(pool));
  await untilReadable(pool);
}

/** Stores a created and a confirmed event for each of these reservations; `created` only where it is pending. */
export async function storeReservations(
  pool: pg.Pool,
  ids: readonly string[],
  types: "confirmed" | "pending" = "confirmed",
): Promise<void> {
  const store = postgresEventStore(pool);
  for (const reservationId of ids) {
    const events = (types === "pending" ? [created] : [created, confirmed]).map((event) =>
      newEvent({ ...event, data: { ...event.data, reservationId } }),
    );
    await store.append(reservationId, events, "no-stream");
  }
}

/** Waits until no transaction holds the store's events back: those of other databases count, too. */
export async function untilReadable(pool: pg.Pool): Promise<void> {
  await until("whether events are held back", () => isHeldBack(pool), false);
}

/** How many rebuilds hold their lock in this database. */
export async function locksOfRebuilds(pool: pg.Pool): Promise<number> {
  const { rowCount } = await pool.query(
    `select from pg_locks where locktype = 'advisory'
        and database = (select oid from pg_database where datname = current_database())`,
  );
  return rowCount ?? 0;
}

/** Events as they are read in commit order, all of them written by one transaction. */
export function committed(events: readonly EventEnvelope[]): readonly CommittedEvent[] {
  return events.map((event) => ({
    event,
    checkpoint: { transactionId: 7n, position: event.position },
  }));
}

/** The projection, with `meanwhile` before each batch that it applies: inside the rebuild's transaction. */
export function interruptedBy(
  projection: Projection,
  meanwhile: (events: readonly EventEnvelope[]) => Promise<void>,
): Projection {
  return {
    ...projection,
    async apply(db, events) {
      await meanwhile(events);
      await projection.apply(db, events);
    },
  };
}

/** The pool, with `look` before each statement that goes through it, also through its connections. */
export function lookedAt(pool: pg.Pool, look: (statement: string) => Promise<void>): pg.Pool {
  const looking = <Db extends pg.Pool | pg.PoolClient>(db: Db): Db =>
    intercept(db, async (query, pass) => {
      await look(textOf(query));
      return pass();
    });
  return new Proxy(looking(pool), {
    get(target, property) {
      if (property === "connect") return async () => looking(await pool.connect());
      return Reflect.get(target, property, target);
    },
  });
}
