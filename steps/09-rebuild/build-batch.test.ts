import type pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { crashingPool } from "../../shared/testing/crashing-pool.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { newEvent, recorded } from "../../shared/testing/new-events.ts";
import { eventsIn, readModelIn, viewOf } from "../../shared/testing/read-model.ts";
import {
  committed,
  resetReadModel,
  storeReservations,
  untilReadable,
} from "../../shared/testing/rebuilding.ts";
import {
  confirmed,
  created,
  reservationId,
  stayChanged,
} from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { insertEvent } from "../../solutions/03-event-store/rows.ts";
import { postgresEventStore } from "../../solutions/04-concurrency/event-store.ts";
import { project } from "../../solutions/08-projections/projection.ts";
import { loadBuild, openBuild } from "./build.ts";
import { applyToBuild, buildBatch } from "./build-batch.ts";
import { firstProjection, type Projection } from "./projection.ts";
import { transactionOn } from "./transaction-on.ts";

const database = useDatabase(9);
/** The rebuild's connection. */
let client: pg.PoolClient;
/** Reads the build's tables where others read the live ones. */
let buildPool: pg.Pool;

beforeEach(async () => {
  await resetReadModel(database.setUpPool);
  client = await database.pool.connect();
  buildPool = database.newPool({ options: "-c search_path=rebuild" });
});

afterEach(() => client.release(true));

const nothing = { reservations: [], occupancy: [], streams: [] };
const history = recorded(reservationId, [created, confirmed, stayChanged]);
const theBuild = "the read model in the build";
const theLive = "the live read model";

async function apply(projection: Projection, events = history): Promise<void> {
  await openBuild(client, projection);
  await transactionOn(client, () => applyToBuild(client, projection, committed(events)));
}

describe("events applied to the build", () => {
  costs("the new read model comes out wrong, and nobody sees it before it is live");

  it("change the build's tables, and none that is live", async () => {
    story({
      given: "v1 ReservationCreated is live; the build is empty",
      when: "v1, v2 ReservationConfirmed and v3 StayChanged are applied to the build",
      wanted: "the build has all three, each stream's version, too; what is live has v1, as before",
    });
    const store = postgresEventStore(database.setUpPool);
    for (const first of history.slice(0, 1)) await project(database.setUpPool, store, first);
    const liveBefore = await readModelIn(database.setUpPool);
    await apply(firstProjection);
    expect(await readModelIn(buildPool), theBuild).toEqual(viewOf(history));
    expect(await readModelIn(database.setUpPool), theLive).toEqual(liveBefore);
  });

  it("move the build's checkpoint to the last of them, and count", async () => {
    story({
      given: "the build is empty",
      when: "v1, then v2 and v3 are applied, in two batches",
      wanted: "the checkpoint is that of v3, and 3 are done",
    });
    await apply(firstProjection, history.slice(0, 1));
    await apply(firstProjection, history.slice(1));
    expect(await loadBuild(client), "where the build stands").toEqual({
      checkpoint: { transactionId: 7n, position: 3n },
      done: 3,
    });
  });

  it("are applied in the order in which they were committed, whatever their clocks say", async () => {
    story({
      given: "v2 was recorded an hour before v1: on a server whose clock is wrong",
      when: "v1, v2, v3 are applied, in this order",
      wanted: "the view of v1, v2, v3",
      costs: "after a change of clocks each rebuild ends with an error",
    });
    const hourBefore = "2030-01-01T11:00:00.000Z";
    const events = history.map((event) =>
      event.version === 2 ? { ...event, recordedAt: hourBefore } : event,
    );
    await apply(firstProjection, events);
    expect(await readModelIn(buildPool), theBuild).toEqual(viewOf(events));
  });

  it("have no side effect: they happened long ago", async () => {
    story({
      given: "a projection that writes a mail to the guest as its side effect",
      when: "v1, v2 and v3 are applied to the build",
      wanted: "no mail",
      costs: "11,000 guests are told that their stay of last year is confirmed",
    });
    const mails: string[] = [];
    const mailing: Projection = {
      ...firstProjection,
      sideEffect: async ({ type }) => void mails.push(type),
    };
    await apply(mailing);
    expect(mails, "the mails").toEqual([]);
  });
});

describe("a batch of the build", () => {
  costs("the build misses events, or has some of them twice");

  it("has the next events, at most so many, and says how many they were", async () => {
    story({
      given: "2 confirmed reservations and a pending one: 5 events in the store",
      when: "4 batches of at most 2 are built",
      wanted: "2, 2, 1, 0 events; the build has all 5",
    });
    await storeReservations(database.setUpPool, ["reservation-1", "reservation-2"]);
    await storeReservations(database.setUpPool, ["reservation-3"], "pending");
    await untilReadable(database.setUpPool);
    await openBuild(client, firstProjection);
    const built = [];
    for (let batch = 1; batch <= 4; batch++) {
      built.push(await buildBatch(client, firstProjection, 2));
    }
    const events = await eventsIn(postgresEventStore(database.setUpPool));
    expect(built, "the events of each batch").toEqual([2, 2, 1, 0]);
    expect(await readModelIn(buildPool), theBuild).toEqual(viewOf(events));
  });

  it("is in with its checkpoint or not at all, wherever the process dies", async () => {
    await storeReservations(database.setUpPool, ["reservation-1"]);
    await untilReadable(database.setUpPool);
    const events = await eventsIn(postgresEventStore(database.setUpPool));
    for (let statements = 0; ; statements++) {
      story({
        given: "2 events in the store, and an empty build",
        when: `the process dies before statement ${statements + 1} of a batch; another builds on`,
        wanted: "both events are in the build, each once: one room for each night",
      });
      await resetReadModel(database.setUpPool);
      await openBuild(client, firstProjection);
      const dying = crashingPool(database.pool, statements);
      const mortal = await dying.pool.connect();
      await buildBatch(mortal, firstProjection, 10).catch((error: Error) => {
        if (error.name !== "Crash") throw error;
      });
      mortal.release(true);
      await buildBatch(client, firstProjection, 10);
      expect(await readModelIn(buildPool), theBuild).toEqual(viewOf(events));
      if (!dying.hasCrashed) break;
    }
  });

  it("does not skip an event that commits late", async () => {
    story({
      given: "reservation-1 is written at position 1 in a transaction that is still open",
      when: "reservation-2 commits at position 2, a batch is built, reservation-1 commits, another batch",
      wanted: "both are in the build",
      costs: "the rebuilt view has fewer guests than the one that was to be repaired",
    });
    const slow = await database.setUpPool.connect();
    try {
      await slow.query("begin");
      await insertEvent(slow, reservationId, 1, newEvent(created));
      await storeReservations(database.setUpPool, ["reservation-2"], "pending");
      await openBuild(client, firstProjection);
      await buildBatch(client, firstProjection, 10);
      await slow.query("commit");
    } finally {
      slow.release(true);
    }
    await untilReadable(database.setUpPool);
    await buildBatch(client, firstProjection, 10);
    const events = await eventsIn(postgresEventStore(database.setUpPool));
    expect(events.length, "the events in the store").toBe(2);
    expect(await readModelIn(buildPool), theBuild).toEqual(viewOf(events));
  });

  it("is empty where there is nothing to read", async () => {
    story({
      given: "an empty store",
      when: "a batch is built",
      wanted: "0 events, and the build's tables are there, empty",
    });
    await openBuild(client, firstProjection);
    expect(await buildBatch(client, firstProjection, 10), "the events of the batch").toBe(0);
    expect(await readModelIn(buildPool), theBuild).toEqual(nothing);
  });
});
