import type pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import { blockedOrDone, intercept, textOf } from "../../shared/testing/connections.ts";
import { crashingPool } from "../../shared/testing/crashing-pool.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { eventsIn, readModelIn, viewOf } from "../../shared/testing/read-model.ts";
import {
  interruptedBy,
  resetReadModel,
  storeLive,
  storeReservations,
  untilReadable,
} from "../../shared/testing/rebuilding.ts";
import { confirmed, reservationId } from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { sooner } from "../../shared/testing/waiting.ts";
import { postgresEventStore } from "../../solutions/04-concurrency/event-store.ts";
import { catchUp } from "../../solutions/08-projections/catch-up.ts";
import { project } from "../../solutions/08-projections/projection.ts";
import { buildBatch } from "../../solutions/09-rebuild/build-batch.ts";
import { openBuild } from "./build.ts";
import { liveVersion } from "./live-projection.ts";
import { firstProjection, type Projection } from "./projection.ts";
import { swap } from "./swap.ts";

const database = useDatabase(9);
let store: EventStore;
/** The rebuild's connection. */
let client: pg.PoolClient;
/** Reads the live tables, and is told at once when it would have to wait. */
let impatient: pg.Pool;

beforeEach(async () => {
  await resetReadModel(database.setUpPool);
  store = postgresEventStore(database.setUpPool);
  client = await database.pool.connect();
  impatient = database.newPool({ options: "-c lock_timeout=2s" });
});

afterEach(() => client.release(true));

const lockTimeout = 5_000;
const theLive = "the live read model";
const swapped = "whether the build was put in place";

/** Two confirmed reservations, live; and a build of the same version that has them, too. */
async function builtAndLive(): Promise<void> {
  await storeLive(database.setUpPool, ["reservation-1", "reservation-2"]);
  await openBuild(client, firstProjection);
  await buildBatch(client, firstProjection, 100);
}

const readers = "select reservation_id from reservations_view order by reservation_id";
/** As those read who wait until the view has their own write (step 08). */
const withVersions =
  "select from reservations_view join projected_streams on stream_id = reservation_id";

async function namesOf(): Promise<readonly string[]> {
  const { rows } = await database.setUpPool.query<{ name: string }>(
    `select indexname as name from pg_indexes where schemaname = 'public'
      union all
     select conrelid::regclass || '.' || conname from pg_constraint
      where connamespace = 'public'::regnamespace
      order by name`,
  );
  return rows.map(({ name }) => name);
}

/** A projection in which the server refuses each event, with this SQLSTATE. */
function failingWith(code: string): Projection {
  return {
    ...firstProjection,
    async apply(db) {
      await db.query(`do $$ begin raise exception 'refused' using errcode = '${code}'; end $$`);
    },
  };
}

describe("the swap", () => {
  costs("for two seconds the board is empty, and the desk sells rooms that are taken");

  it("puts the build in the place of what is live, under the same names", async () => {
    story({
      given: "2 reservations are in the build; what is live has a room too many for each night",
      when: "the build is put in place",
      wanted:
        "queries read the build's rows; its indexes and constraints have the names of the old ones; no build is left",
    });
    await builtAndLive();
    const names = await namesOf();
    await database.setUpPool.query("update hotel_occupancy set rooms = rooms + 1");
    expect(await swap(client, firstProjection, lockTimeout), swapped).toBe(true);
    expect(await readModelIn(database.setUpPool), theLive).toEqual(viewOf(await eventsIn(store)));
    expect(await namesOf(), "the names of indexes and constraints").toEqual(names);
    const left = "select nspname from pg_namespace where nspname = 'rebuild'";
    expect((await database.setUpPool.query(left)).rows, "the schemas left").toEqual([]);
  });

  it("says which version of the projection is live", async () => {
    story({
      given: "version 1 is live, and a build of version 7",
      when: "the build is put in place",
      wanted: "version 7 is live",
      costs: "the old code goes on writing, into tables that it does not know",
    });
    const seventh = { ...firstProjection, version: 7 };
    await openBuild(client, seventh);
    const before = await liveVersion(database.setUpPool);
    await swap(client, seventh, lockTimeout);
    const versions = [before, await liveVersion(database.setUpPool)];
    expect(versions, "the versions before and after").toEqual([1, 7]);
  });

  it("applies first what is live and not yet in the build", async () => {
    story({
      given:
        "2 reservations are live; none is in the build, because an old open transaction holds them back",
      when: "the build is put in place",
      wanted: "both are still there: no query goes back in time",
      costs: "the guests of the last minute are gone, and the bus will not bring them again",
    });
    const old = await database.setUpPool.connect();
    try {
      await old.query("begin; select pg_current_xact_id()");
      await storeReservations(database.setUpPool, ["reservation-1", "reservation-2"]);
      await catchUp(database.setUpPool, store);
      await openBuild(client, firstProjection);
      await buildBatch(client, firstProjection, 100);
      await swap(client, firstProjection, lockTimeout);
    } finally {
      old.release(true);
    }
    expect(await readModelIn(database.setUpPool), theLive).toEqual(viewOf(await eventsIn(store)));
  });

  it("makes live projecting wait while it applies the last events, and loses none", async () => {
    story({
      given: "reservation-1 is in the build; reservation-2 is live, and not in the build",
      when: "while the swap applies reservation-2, an event of reservation-1 is projected",
      wanted: "that one waits for the swap, and is in the new tables then",
      costs: "a confirmation that is live at 11:59:59 and nowhere at 12:00:00",
    });
    await storeReservations(database.setUpPool, [reservationId], "pending");
    await catchUp(database.setUpPool, store);
    await untilReadable(database.setUpPool);
    await openBuild(client, firstProjection);
    await buildBatch(client, firstProjection, 100);
    await storeReservations(database.setUpPool, ["reservation-2"]);
    await catchUp(database.setUpPool, store);

    let projecting: Promise<void> | undefined;
    const projection = interruptedBy(firstProjection, async () => {
      if (projecting) return;
      await store.append(reservationId, [newEvent(confirmed)], 1);
      for await (const event of store.readStream(reservationId, { fromVersion: 2 })) {
        projecting = project(database.setUpPool, store, event);
        await blockedOrDone(database.newPool(), projecting);
      }
    });
    await swap(client, projection, lockTimeout);
    await projecting;
    expect(projecting, "the event that was projected meanwhile").toBeDefined();
    expect(await readModelIn(database.setUpPool), theLive).toEqual(viewOf(await eventsIn(store)));
  });

  it("has what was projected until the very moment of the lock", async () => {
    story({
      given: "reservation-1 is live and in the build",
      when: "an event of reservation-1 is projected right before the swap asks for its lock",
      wanted: "it is in the new tables: what is left is read after the lock, not before",
      costs: "one rebuild in 30 loses an event, and nobody can say why",
    });
    await storeReservations(database.setUpPool, [reservationId], "pending");
    await catchUp(database.setUpPool, store);
    await untilReadable(database.setUpPool);
    await openBuild(client, firstProjection);
    await buildBatch(client, firstProjection, 100);
    let isConfirmed = false;
    const late = intercept(client, async (query, pass) => {
      // To drop a table is to lock it: who asks for no other lock has this one as the first.
      const asksForALock = /\b(lock|drop|alter)\b/i.test(textOf(query));
      if (asksForALock && !isConfirmed) {
        isConfirmed = true;
        await store.append(reservationId, [newEvent(confirmed)], 1);
        await catchUp(database.setUpPool, store);
      }
      return pass();
    });
    await swap(late, firstProjection, lockTimeout);
    expect(await readModelIn(database.setUpPool), theLive).toEqual(viewOf(await eventsIn(store)));
  });

  it("keeps live projecting waiting until the tables are exchanged", async () => {
    story({
      given: "reservation-1 is live and in the build",
      when: "an event of reservation-1 is projected right before the first table is exchanged",
      wanted: "it waits, and is in the new tables then: the lock stops those who write",
      costs: "a confirmation is written into a table that is dropped a millisecond later",
    });
    await storeReservations(database.setUpPool, [reservationId], "pending");
    await catchUp(database.setUpPool, store);
    await untilReadable(database.setUpPool);
    await openBuild(client, firstProjection);
    await buildBatch(client, firstProjection, 100);
    let projecting: Promise<unknown> | undefined;
    const late = intercept(client, async (query, pass) => {
      const exchanges = /\b(drop|alter)\b/i.test(textOf(query));
      if (exchanges && !projecting) {
        await store.append(reservationId, [newEvent(confirmed)], 1);
        projecting = catchUp(database.setUpPool, store);
        await blockedOrDone(database.newPool(), projecting);
      }
      return pass();
    });
    await swap(late, firstProjection, lockTimeout);
    await projecting;
    expect(await readModelIn(database.setUpPool), theLive).toEqual(viewOf(await eventsIn(store)));
  });

  it("lets readers read while it applies the last events", async () => {
    story({
      given: "2 reservations are live and in the build, a third is live only",
      when: "a reader looks while the swap applies the third, at the reservations and their versions",
      wanted: "the reader sees all three, and does not wait",
      costs: "10,000 events are left, and for 8 seconds no query is answered",
    });
    await builtAndLive();
    await storeReservations(database.setUpPool, ["reservation-3"]);
    await catchUp(database.setUpPool, store);
    const seen: unknown[] = [];
    const projection = interruptedBy(firstProjection, async () => {
      const look = impatient.query(withVersions).then(
        ({ rows }) => rows.length,
        (error: Error) => error.message,
      );
      seen.push(await look);
    });
    await swap(client, projection, lockTimeout);
    expect(seen, "how many reservations the reader sees").toEqual([3]);
  });

  it("carries over how far each stream is", async () => {
    story({
      given: "2 events of reservation-1 are in the store and in the build; none is live yet",
      when: "the build is put in place, and then the bus delivers both",
      wanted: "they are seen: one room for each night",
      costs: "each event that was on its way is counted twice",
    });
    await storeReservations(database.setUpPool, [reservationId]);
    await untilReadable(database.setUpPool);
    await openBuild(client, firstProjection);
    await buildBatch(client, firstProjection, 100);
    await swap(client, firstProjection, lockTimeout);
    const events = await eventsIn(store);
    for (const event of events) await project(database.setUpPool, store, event);
    expect(await readModelIn(database.setUpPool), theLive).toEqual(viewOf(events));
  });

  it("gives way to a long reader, changes nothing, and can be tried again", async () => {
    story({
      given: "a report reads reservations_view in a transaction that is open",
      when: "the swap is tried with 50 ms to wait, again when the report is done",
      wanted: "false, and all is as it was: others are answered; then true",
      costs:
        "one report of 20 minutes, and every query of the hotel stands in line behind the swap",
    });
    await builtAndLive();
    const report = await database.setUpPool.connect();
    try {
      await report.query(`begin; ${readers}`);
      const trying = swap(client, firstProjection, 50);
      const first = await sooner(
        trying,
        "the swap waits for the report, for as long as that takes",
      );
      expect(first, swapped).toBe(false);
      const { rows } = await impatient.query(readers);
      expect(rows.length, "the reservations that others see").toBe(2);
    } finally {
      report.release(true);
    }
    expect(await swap(client, firstProjection, lockTimeout), swapped).toBe(true);
    expect(await readModelIn(database.setUpPool), theLive).toEqual(viewOf(await eventsIn(store)));
  });

  it("gives way as well when the server ends it to break a deadlock", async () => {
    story({
      given: "an event that the build has not got; the server ends a deadlock where it is applied",
      when: "the swap is tried, and tried again when nobody is in its way",
      wanted: "false, and all is as it was; then true, with the event",
      costs:
        "a rebuild of five hours ends in an error, at a moment that a second try would survive",
    });
    await builtAndLive();
    await storeReservations(database.setUpPool, ["reservation-3"]);
    const before = await readModelIn(database.setUpPool);
    const deadlocked = failingWith("40P01");
    expect(await swap(client, deadlocked, lockTimeout), swapped).toBe(false);
    expect(await readModelIn(database.setUpPool), theLive).toEqual(before);
    expect(await swap(client, firstProjection, lockTimeout), swapped).toBe(true);
    expect(await readModelIn(database.setUpPool), theLive).toEqual(viewOf(await eventsIn(store)));
  });

  it("fails with what went wrong, where that was no lock", async () => {
    story({
      given:
        "an event that the build has not got, on which the projection divides by zero, or throws",
      when: "the swap is tried",
      wanted: "the error itself, not false: to try again would not help",
      costs:
        "a broken projection is reported as a long reader, and for an hour somebody looks for one",
    });
    await builtAndLive();
    await storeReservations(database.setUpPool, ["reservation-3"]);
    const outcome = "what comes of the swap";
    const dividing = swap(client, failingWith("22012"), lockTimeout);
    await expect(dividing, outcome).rejects.toMatchObject({ code: "22012" });
    const broken = interruptedBy(firstProjection, () => Promise.reject(new Error("broken")));
    const throwing = swap(client, broken, lockTimeout);
    await expect(throwing, outcome).rejects.toMatchObject({ message: "broken" });
  });

  it("does not break the prepared statements of those who read", async () => {
    story({
      given: "a connection has prepared its query on the old tables; what is live has lost a row",
      when: "the build, which has both rows, is put in place, and the query runs again",
      wanted: "1 row before, 2 rows after: it reads the new table",
    });
    await builtAndLive();
    await database.setUpPool.query(
      "delete from reservations_view where reservation_id = 'reservation-2'",
    );
    const reader = await impatient.connect();
    const prepared = { name: "list", text: readers };
    try {
      const before = await reader.query(prepared);
      await swap(client, firstProjection, lockTimeout);
      const after = await reader.query(prepared);
      expect([before.rowCount, after.rowCount], "the rows before and after").toEqual([1, 2]);
    } finally {
      reader.release(true);
    }
  });

  it("is done as a whole or not at all, wherever the process dies", async () => {
    for (let statements = 0; ; statements++) {
      story({
        given: "what is live has a room too many for each night; the build is right",
        when: `the process dies before statement ${statements + 1} of the swap; it is tried again`,
        wanted: "after the death all is as it was; after the second try all is right",
      });
      await database.setUpPool.query("truncate events, streams");
      await resetReadModel(database.setUpPool);
      await builtAndLive();
      const right = await readModelIn(database.setUpPool);
      await database.setUpPool.query("update hotel_occupancy set rooms = rooms + 1");
      const wrong = await readModelIn(database.setUpPool);
      const dying = crashingPool(database.pool, statements);
      const mortal = await dying.pool.connect();
      const trying = swap(mortal, firstProjection, lockTimeout).catch((error: Error) => {
        if (error.name !== "Crash") throw error;
      });
      await trying;
      mortal.release(true);
      const seen = await readModelIn(database.setUpPool);
      expect(seen, "what is live after the death").toEqual(dying.hasCrashed ? wrong : right);
      if (!dying.hasCrashed) break;
      expect(await swap(client, firstProjection, lockTimeout), swapped).toBe(true);
      expect(await readModelIn(database.setUpPool), theLive).toEqual(right);
    }
  });
});
