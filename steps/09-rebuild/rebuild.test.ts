import { describe, expect, it, vi } from "vitest";
import { newEvent } from "../../shared/testing/new-events.ts";
import { eventsIn, readModelIn, viewOf } from "../../shared/testing/read-model.ts";
import {
  interruptedBy,
  lookedAt,
  storeReservations,
  threeAreLive,
  threeLive,
  useReadModel,
} from "../../shared/testing/rebuilding.ts";
import { created } from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { soon, sooner, until } from "../../shared/testing/waiting.ts";
import { catchUp } from "../../solutions/08-projections/catch-up.ts";
import type { Progress } from "./progress.ts";
import { firstProjection } from "./projection.ts";
import { rebuild } from "./rebuild.ts";

const { database, store } = useReadModel();

const theLive = "the live read model";

describe("a rebuild", () => {
  costs("the view is wrong, and repairing it needs a night on which the hotel is closed");

  it("makes a read model right that came out wrong", async () => {
    story({
      given: `${threeLive}; then somebody has deleted rows, and counted rooms twice`,
      when: "it is rebuilt",
      wanted: "what is live is the pure projection of the store",
    });
    await threeAreLive(database.setUpPool);
    await database.setUpPool.query(
      "delete from reservations_view; update hotel_occupancy set rooms = 99",
    );
    await rebuild({ pool: database.pool, projection: firstProjection });
    expect(await readModelIn(database.setUpPool), theLive).toEqual(viewOf(await eventsIn(store())));
  });

  it("is never seen: a reader finds the whole read model at every moment", async () => {
    story({
      given: threeLive,
      when: "it is rebuilt, and a reader looks before each statement",
      wanted: "the reader sees all of it each time, or waits for the last moment: never less",
      costs: "for 40 minutes every room of the hotel is for sale again",
    });
    await threeAreLive(database.setUpPool);
    const complete = JSON.stringify(viewOf(await eventsIn(store())));
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
    const parts: unknown[] = [...other].map((seen) => JSON.parse(seen));
    expect(parts, "what the reader saw that was not the whole read model").toEqual([]);
    expect(looks, "how often the reader looked").toBeGreaterThan(10);
  });

  it("has told the server's planner what is in the new tables, before they are live", async () => {
    story({
      given: `${threeLive}; the planner knows nothing of new tables`,
      when: "it is rebuilt",
      wanted: "the planner knows that reservations_view has 3 rows (analyzeBuild)",
      costs: "the new tables are read from end to end at first: the board takes nine seconds",
    });
    await threeAreLive(database.setUpPool);
    await rebuild({ pool: database.pool, projection: firstProjection });
    const { rows } = await database.setUpPool.query<{ rows: number }>(
      "select reltuples as rows from pg_class where oid = 'public.reservations_view'::regclass",
    );
    expect(rows[0]?.rows, "the rows that the planner knows of").toBe(3);
  });

  it("goes on to its end while events are written and projected", async () => {
    story({
      given: threeLive,
      when: "it is rebuilt, 2 events a batch, and with each of the first 8 batches one reservation more is made",
      wanted: "all 11 are in the view, each once",
    });
    await threeAreLive(database.setUpPool);
    let made = 3;
    const projection = interruptedBy(firstProjection, async () => {
      if (made === 11) return;
      made += 1;
      const reservationId = `reservation-${made}`;
      const event = newEvent({ ...created, data: { ...created.data, reservationId } });
      await store().append(reservationId, [event], "no-stream");
      const isSwapping = (await locksOnStreams()) > 0;
      // In the last stretch projecting waits for the swap, and the swap for us.
      if (!isSwapping) await catchUp(database.setUpPool, store());
    });
    await rebuild({ pool: database.pool, projection, batchSize: 2 });
    await catchUp(database.setUpPool, store());
    expect(await readModelIn(database.setUpPool), theLive).toEqual(viewOf(await eventsIn(store())));
  });

  it("tells how far it is: at the start, and after each batch", async () => {
    story({
      given: threeLive,
      when: "it is rebuilt, 4 events a batch",
      wanted: "0, 4 and 6 of 6 events are done, at the rate at which they were",
      costs: "nobody knows whether it is done by noon, so somebody stops it at 11:50",
    });
    await threeAreLive(database.setUpPool);
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
      given: `${threeLive}; a client listens for what is projected`,
      when: "it is rebuilt, 2 events a batch",
      wanted: "one notification",
      costs: "a million events ring a million times, and every waiting client asks a million times",
    });
    await threeAreLive(database.setUpPool);
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
      given: `${threeLive}; a report reads reservations_view in an open transaction`,
      when: "it is rebuilt; after the first try of the swap reservation-4 is made, and later the report is done",
      wanted:
        "its 2 events are built like all others, 8 of 8; then it goes live without another call",
      costs:
        "each rebuild that meets a report has to be started again by hand, at five in the morning",
    });
    await threeAreLive(database.setUpPool);
    const report = await database.setUpPool.connect();
    let running: Promise<void> | undefined;
    let done = 0;
    const swap = { isTried: false, gaveWay: false };
    const pool = lookedAt(database.pool, async (statement) => {
      swap.isTried ||= statement.includes("lock_timeout");
      if (!swap.isTried || swap.gaveWay || !/^rollback/i.test(statement)) return;
      await storeReservations(database.setUpPool, ["reservation-4"]);
      swap.gaveWay = true;
    });
    try {
      await report.query("begin; select from reservations_view");
      running = rebuild({
        pool,
        projection: firstProjection,
        lockTimeout: 100,
        pause: 400,
        tries: 50,
        onProgress: (now) => {
          done = now.done;
        },
      });
      // Whether it ever gives way is another test's question.
      const gaveWay = vi.waitUntil(() => swap.gaveWay, { timeout: 5_000, interval: 10 });
      await Promise.race([running, gaveWay.catch(() => {})]);
      if (swap.gaveWay) {
        await Promise.race([running, until("how many are done between two tries", () => done, 8)]);
      }
    } finally {
      report.release(true);
      // It must not be at work in the next test.
      const over = (running ?? Promise.resolve()).catch(() => {});
      await soon(over, "it does not end, though the report is done");
    }
    await expect(running, "what comes of it").resolves.toBeUndefined();
    expect(await readModelIn(database.setUpPool), theLive).toEqual(viewOf(await eventsIn(store())));
  });

  it("gives up when the live tables are read without a break, and has done its work", async () => {
    story({
      given: `${threeLive}; a report reads reservations_view in an open transaction`,
      when: "it is rebuilt with 2 tries, and once more when the report is done",
      wanted: [
        "SwapBlocked after 2 tries with a pause of 300 ms between them,",
        "and it is announced to nobody that the new one is live;",
        "the second run begins with all 6 done",
      ],
    });
    await threeAreLive(database.setUpPool);
    let tries = 0;
    let rings = 0;
    const pool = lookedAt(database.pool, async (query) => {
      if (query.includes("lock_timeout")) tries += 1;
      if (query.includes("notify")) rings += 1;
    });
    const waiting = { pool, projection: firstProjection, lockTimeout: 20, pause: 300 };
    const report = await database.setUpPool.connect();
    let running: Promise<void> | undefined;
    try {
      await report.query("begin; select from reservations_view");
      const started = performance.now();
      running = rebuild({ ...waiting, tries: 2 });
      await expect(
        sooner(running, "it goes on trying"),
        "what comes of the first",
      ).rejects.toMatchObject({
        name: "SwapBlocked",
        tries: 2,
      });
      expect(tries, "how often the swap was tried").toBe(2);
      expect(performance.now() - started, "milliseconds of the two tries").toBeGreaterThan(290);
      expect(rings, "how often it was announced that the new one is live").toBe(0);
    } finally {
      report.release(true);
      // It must not be at work in the next test.
      const over = (running ?? Promise.resolve()).catch(() => {});
      await soon(over, "it does not end, though the report is done");
    }
    const progress: Progress[] = [];
    await rebuild({ ...waiting, pause: 1, tries: 1_000, onProgress: (now) => progress.push(now) });
    expect(progress[0]?.done, "done at the start of the second").toBe(6);
    expect(await readModelIn(database.setUpPool), theLive).toEqual(viewOf(await eventsIn(store())));
  });
});

/** How many sessions have locked projected_streams so that nobody else may write to it. */
async function locksOnStreams(): Promise<number> {
  const { rowCount } = await database.setUpPool.query(
    `select from pg_locks
      where relation = 'public.projected_streams'::regclass and granted
        and mode in ('ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock', 'ShareLock')`,
  );
  return rowCount ?? 0;
}
