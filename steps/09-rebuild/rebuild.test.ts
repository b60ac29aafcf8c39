import { beforeEach, describe, expect, it, vi } from "vitest";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { eventsIn, readModelIn, viewOf } from "../../shared/testing/read-model.ts";
import {
  interruptedBy,
  lookedAt,
  resetReadModel,
  storeReservations,
  untilReadable,
} from "../../shared/testing/rebuilding.ts";
import { created } from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { soon, until } from "../../shared/testing/waiting.ts";
import { postgresEventStore } from "../../solutions/04-concurrency/event-store.ts";
import { catchUp } from "../../solutions/08-projections/catch-up.ts";
import { bookingDayProjection } from "./booking-day.ts";
import { openBuild } from "./build.ts";
import { liveVersion, projectLive } from "./live-projection.ts";
import type { Progress } from "./progress.ts";
import { firstProjection } from "./projection.ts";
import { rebuild } from "./rebuild.ts";

const database = useDatabase(9);
let store: EventStore;

const three = ["reservation-1", "reservation-2", "reservation-3"];
const theLive = "the live read model";

beforeEach(async () => {
  await resetReadModel(database.setUpPool);
  store = postgresEventStore(database.setUpPool);
});

/** Three confirmed reservations, 6 events, stored and live. */
async function threeAreLive(): Promise<void> {
  await storeReservations(database.setUpPool, three);
  await catchUp(database.setUpPool, store);
  await untilReadable(database.setUpPool);
}

const given = "3 confirmed reservations, 6 events, stored and live";

describe("a rebuild", () => {
  costs("the view is wrong, and repairing it needs a night on which the hotel is closed");

  it("makes a read model right that came out wrong", async () => {
    story({
      given: `${given}; then somebody has deleted rows, and counted rooms twice`,
      when: "it is rebuilt",
      wanted: "what is live is the pure projection of the store",
    });
    await threeAreLive();
    await database.setUpPool.query(
      "delete from reservations_view; update hotel_occupancy set rooms = 99",
    );
    await rebuild({ pool: database.pool, projection: firstProjection });
    expect(await readModelIn(database.setUpPool), theLive).toEqual(viewOf(await eventsIn(store)));
  });

  it("is never seen: a reader finds the whole read model at every moment", async () => {
    story({
      given,
      when: "it is rebuilt, and a reader looks before each statement",
      wanted: "the reader sees all of it each time, or waits for the last moment: never less",
      costs: "for 40 minutes every room of the hotel is for sale again",
    });
    await threeAreLive();
    const complete = JSON.stringify(viewOf(await eventsIn(store)));
    const desk = database.newPool({ options: "-c lock_timeout=20ms" });
    const other = new Set<string>();
    let looks = 0;
    const pool = lookedAt(database.pool, async () => {
      const seen = await readModelIn(desk).catch((error: { code?: string }) => {
        if (error.code === "55P03") return undefined;
        throw error;
      });
      if (seen) looks += 1;
      if (seen && JSON.stringify(seen) !== complete) other.add(JSON.stringify(seen));
    });
    await rebuild({ pool, projection: firstProjection, batchSize: 2 });
    expect([...other], "what the reader saw that was not the whole read model").toEqual([]);
    expect(looks, "how often the reader looked").toBeGreaterThan(10);
  });

  it("goes on to its end while events are written and projected", async () => {
    story({
      given,
      when: "it is rebuilt, 2 events a batch, and with each of the first 8 batches one reservation more is made",
      wanted: "all 11 are in the view, each once",
    });
    await threeAreLive();
    let made = 3;
    const projection = interruptedBy(firstProjection, async () => {
      if (made === 11) return;
      made += 1;
      const reservationId = `reservation-${made}`;
      const event = newEvent({ ...created, data: { ...created.data, reservationId } });
      await store.append(reservationId, [event], "no-stream");
      const isSwapping = (await locksOnStreams()) > 0;
      // In the last stretch projecting waits for the swap, and the swap for us.
      if (!isSwapping) await catchUp(database.setUpPool, store);
    });
    await rebuild({ pool: database.pool, projection, batchSize: 2 });
    await catchUp(database.setUpPool, store);
    expect(await readModelIn(database.setUpPool), theLive).toEqual(viewOf(await eventsIn(store)));
  });

  it("tells how far it is: at the start, and after each batch", async () => {
    story({
      given,
      when: "it is rebuilt, 4 events a batch",
      wanted: "0, 4 and 6 of 6 events are done, at the rate at which they were",
      costs: "nobody knows whether it is done by noon, so somebody stops it at 11:50",
    });
    await threeAreLive();
    const progress: Progress[] = [];
    const started = performance.now();
    await rebuild({
      pool: database.pool,
      projection: firstProjection,
      batchSize: 4,
      onProgress: (now) => progress.push(now),
    });
    const seconds = (performance.now() - started) / 1000;
    const seen = progress.map(({ done, total }) => `${done} of ${total}`);
    expect(seen, "the progress").toEqual(["0 of 6", "4 of 6", "6 of 6"]);
    const { perSecond = 0 } = progress.at(-1) ?? {};
    expect(perSecond, "the rate, which is that of all of it or more").toBeGreaterThan(6 / seconds);
  });

  it("rings once for those who wait for a version, when it is live", async () => {
    story({
      given: `${given}; a client listens for what is projected`,
      when: "it is rebuilt, 2 events a batch",
      wanted: "one notification",
      costs: "a million events ring a million times, and every waiting client asks a million times",
    });
    await threeAreLive();
    const listener = await database.newPool().connect();
    let rings = 0;
    listener.on("notification", () => {
      rings += 1;
    });
    try {
      await listener.query("listen reservations_projected");
      await rebuild({ pool: database.pool, projection: firstProjection, batchSize: 2 });
      // What was sent before is delivered before the answer.
      await listener.query("select 1");
    } finally {
      listener.release(true);
    }
    expect(rings, "the notifications").toBe(1);
  });

  it("tries again when a long reader was in its way, and goes live when that is done", async () => {
    story({
      given: `${given}; a report reads reservations_view in an open transaction`,
      when: "it is rebuilt, and the report is done after the first try of the swap",
      wanted: "it goes live without another call",
      costs:
        "each rebuild that meets a report has to be started again by hand, at five in the morning",
    });
    await threeAreLive();
    const report = await database.setUpPool.connect();
    let running: Promise<void> | undefined;
    try {
      await report.query("begin; select from reservations_view");
      const patient = { lockTimeout: 100, pause: 400, tries: 50 };
      running = rebuild({ pool: database.pool, projection: firstProjection, ...patient });
      await Promise.race([running, untilTheSwapGaveWay()]);
    } finally {
      report.release(true);
      // It must not be at work in the next test.
      const over = (running ?? Promise.resolve()).catch(() => {});
      await soon(over, "it does not end, though the report is done");
    }
    await expect(running, "what comes of it").resolves.toBeUndefined();
    expect(await readModelIn(database.setUpPool), theLive).toEqual(viewOf(await eventsIn(store)));
  });

  it("gives up when the live tables are read without a break, and has done its work", async () => {
    story({
      given: `${given}; a report reads reservations_view in an open transaction`,
      when: "it is rebuilt with 2 tries, and once more when the report is done",
      wanted: "SwapBlocked after 2 tries; the second run begins with all 6 done",
    });
    await threeAreLive();
    const waiting = { pool: database.pool, projection: firstProjection, lockTimeout: 20, pause: 1 };
    const report = await database.setUpPool.connect();
    let running: Promise<void> | undefined;
    try {
      await report.query("begin; select from reservations_view");
      running = rebuild({ ...waiting, tries: 2 });
      await expect(
        soon(running, "it goes on trying"),
        "what comes of the first",
      ).rejects.toMatchObject({
        name: "SwapBlocked",
        tries: 2,
      });
    } finally {
      report.release(true);
      // It must not be at work in the next test.
      const over = (running ?? Promise.resolve()).catch(() => {});
      await soon(over, "it does not end, though the report is done");
    }
    const progress: Progress[] = [];
    await rebuild({ ...waiting, tries: 1_000, onProgress: (now) => progress.push(now) });
    expect(progress[0]?.done, "done at the start of the second").toBe(6);
    expect(await readModelIn(database.setUpPool), theLive).toEqual(viewOf(await eventsIn(store)));
  });
});

describe("two rebuilds at once", () => {
  costs("two people start it at 9:00, both write to the same tables, and every room counts twice");

  it("are refused: the second has no effect, the first goes on", async () => {
    story({
      given: `${given}; a rebuild is in the middle of a batch`,
      when: "another one is started",
      wanted: "RebuildRunning for the second; the first ends well",
    });
    await threeAreLive();
    const outcomes: unknown[] = [];
    const projection = interruptedBy(firstProjection, async () => {
      const other = rebuild({ pool: database.newPool(), projection: firstProjection });
      const name = other.then(
        () => "it was not refused",
        (error: Error) => error.name,
      );
      outcomes.push(await soon(name, "the second waits for the first"));
    });
    await rebuild({ pool: database.pool, projection });
    expect(outcomes, "what came of the second").toEqual(["RebuildRunning"]);
    expect(await readModelIn(database.setUpPool), theLive).toEqual(viewOf(await eventsIn(store)));
  });

  it("are not, when the connection of the first has broken", async () => {
    story({
      given: `${given}; a rebuild is in the middle of a batch, and the server ends its connection`,
      when: "another one is started",
      wanted: "the first rejects and writes nothing more; the second ends well",
      costs: "after a crash the lock stays, and somebody has to know which row to delete",
    });
    await threeAreLive();
    const first = rebuild({
      pool: database.pool,
      projection: interruptedBy(firstProjection, async () => {
        await database.setUpPool.query(
          `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'
              and database = (select oid from pg_database where datname = current_database())`,
        );
        await until("how many rebuilds hold the lock", rebuildLocks, 0);
      }),
    });
    await expect(first, "the first rebuild").rejects.toThrow();
    await rebuild({ pool: database.pool, projection: firstProjection });
    expect(await readModelIn(database.setUpPool), theLive).toEqual(viewOf(await eventsIn(store)));
  });
});

describe("a rebuild that is interrupted", () => {
  costs("it takes five hours, the deployment at four kills it, and it begins anew each day");

  it("goes on where it was when it is started again", async () => {
    story({
      given: `${given}; a rebuild with 2 events a batch was killed in the middle of its third batch`,
      when: "it is started again",
      wanted: "it begins with 4 of 6 done, and applies the last 2 only",
    });
    await threeAreLive();
    let batches = 0;
    const dies = interruptedBy(firstProjection, async () => {
      batches += 1;
      if (batches === 3) throw new Error("killed");
    });
    const killed = rebuild({ pool: database.pool, projection: dies, batchSize: 2 }).then(
      () => false,
      (error: Error) => {
        if (error.message !== "killed") throw error;
        return true;
      },
    );
    expect(await killed, "whether the first rebuild was killed").toBe(true);
    await until("how many rebuilds hold the lock", rebuildLocks, 0);

    const applied: string[] = [];
    const progress: Progress[] = [];
    await rebuild({
      pool: database.pool,
      projection: interruptedBy(firstProjection, async (events) => {
        for (const { streamId, version } of events) applied.push(`${streamId} v${version}`);
      }),
      batchSize: 2,
      onProgress: (now) => progress.push(now),
    });
    const { done, total } = progress[0] ?? { done: 0, total: 0 };
    expect(`${done} of ${total}`, "the progress at the start").toBe("4 of 6");
    expect(applied, "what the second run applies").toEqual([
      "reservation-3 v1",
      "reservation-3 v2",
    ]);
    expect(await readModelIn(database.setUpPool), theLive).toEqual(viewOf(await eventsIn(store)));
  });
});

describe("a changed projection", () => {
  costs("a column more, and the site is down for the night in which it is filled");

  const booked = async (): Promise<readonly unknown[]> => {
    const { rows } = await database.setUpPool.query(
      "select reservation_id as id, booked_on::text as day from reservations_view order by 1",
    );
    return rows.map(({ id, day }) => `${id} ${day}`);
  };
  const both = [firstProjection, bookingDayProjection];

  it("goes live with what only the events still know, and live projecting goes on with it", async () => {
    story({
      given: `${given}, by version 1, which keeps no day of booking`,
      when: "version 2, which does, is built and goes live; then reservation-4 is made",
      wanted: "all four have their day of booking, and version 2 is live",
    });
    await threeAreLive();
    await rebuild({ pool: database.pool, projection: bookingDayProjection });
    await storeReservations(database.setUpPool, ["reservation-4"]);
    for await (const event of store.readStream("reservation-4")) {
      await projectLive(database.setUpPool, store, both, event);
    }
    expect(await booked(), "the days of booking").toEqual(
      [1, 2, 3, 4].map((number) => `reservation-${number} 2030-01-10`),
    );
    expect(await liveVersion(database.setUpPool), "the live version").toBe(2);
    expect(await readModelIn(database.setUpPool), theLive).toEqual(viewOf(await eventsIn(store)));
  });

  it("is not written to by a process that does not know it", async () => {
    story({
      given: `${given}; version 2 is built and goes live`,
      when: "a process that knows version 1 only projects reservation-4",
      wanted: "UnknownProjection, and nothing is written",
      costs:
        "for an hour old processes write rows without the new column: the next rebuild mends it",
    });
    await threeAreLive();
    await rebuild({ pool: database.pool, projection: bookingDayProjection });
    const before = await readModelIn(database.setUpPool);
    await storeReservations(database.setUpPool, ["reservation-4"], "pending");
    for await (const event of store.readStream("reservation-4")) {
      const old = projectLive(database.setUpPool, store, [firstProjection], event);
      await expect(old, "what comes of it").rejects.toMatchObject({
        name: "UnknownProjection",
        version: 2,
      });
    }
    expect(await readModelIn(database.setUpPool), theLive).toEqual(before);
  });

  it("begins anew where a build of another version was left", async () => {
    story({
      given: `${given}; an interrupted rebuild of version 1 has left its build`,
      when: "version 2 is built and goes live",
      wanted: "version 2's rows, all of them: none was taken over from the other build",
    });
    await threeAreLive();
    const client = await database.setUpPool.connect();
    await openBuild(client, firstProjection);
    await client.query("update rebuild.build set transaction_id = '9000000000', done = 6");
    client.release();
    await rebuild({ pool: database.pool, projection: bookingDayProjection });
    expect((await booked()).length, "the reservations").toBe(3);
    expect(await readModelIn(database.setUpPool), theLive).toEqual(viewOf(await eventsIn(store)));
  });
});

async function rebuildLocks(): Promise<number> {
  const { rowCount } = await database.setUpPool.query(
    `select from pg_locks where locktype = 'advisory'
        and database = (select oid from pg_database where datname = current_database())`,
  );
  return rowCount ?? 0;
}

/** How many sessions have locked projected_streams so that nobody else may write to it. */
async function locksOnStreams(): Promise<number> {
  const { rowCount } = await database.setUpPool.query(
    `select from pg_locks
      where relation = 'public.projected_streams'::regclass and granted
        and mode in ('ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock', 'ShareLock')`,
  );
  return rowCount ?? 0;
}

/** Waits for a try of the swap that has begun, and has ended. Whether it ever ends is another test's question. */
async function untilTheSwapGaveWay(): Promise<void> {
  const options = { timeout: 5_000, interval: 10 };
  for (const holders of [1, 0]) {
    await vi.waitUntil(async () => (await locksOnStreams()) === holders, options).catch(() => {});
  }
}
