import type pg from "pg";
import { describe, expect, it } from "vitest";
import { interrupted } from "../../shared/testing/connections.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { inMemoryEventStore } from "../../shared/testing/in-memory-event-store.ts";
import { recorded } from "../../shared/testing/new-events.ts";
import { confirmed, created, reservationId } from "../../shared/testing/reservations.ts";
import { project } from "../../solutions/08-projections/projection.ts";
import { waitForVersion } from "./read-your-writes.ts";

const database = useDatabase(8);
const longAfterTheTest = 60_000;

async function projectReservation(events: readonly (typeof created | typeof confirmed)[]) {
  for (const event of recorded(reservationId, events)) {
    await project(database.pool, inMemoryEventStore(), event);
  }
}

/** Moves the checkpoint without a notification, as if that had been lost. */
async function moveSilently(version: number): Promise<void> {
  await database.pool.query(
    `insert into projected_streams (stream_id, version, position) values ($1, $2::integer, $2::integer)
     on conflict (stream_id) do update set version = excluded.version`,
    [reservationId, version],
  );
}

async function listeners(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ listeners: number }>(
    `select count(*)::integer as listeners from pg_stat_activity
      where datname = current_database() and query ilike 'listen %'`,
  );
  return rows[0]?.listeners ?? 0;
}

/** Resolves when the wait stands still: it listens, or it is over. */
async function untilItListens(waiting: Promise<unknown>): Promise<void> {
  let over = false;
  void waiting
    .catch(() => {})
    .finally(() => {
      over = true;
    });
  await expect.poll(async () => over || (await listeners(database.pool)) > 0).toBe(true);
}

describe("a client that reads its own write", () => {
  it("goes on at once when the read model has the version, or a later one", async () => {
    await moveSilently(3);
    expect(await waitForVersion(database.pool, reservationId, 3, { timeout: 0 })).toBeUndefined();
    expect(await waitForVersion(database.pool, reservationId, 2, { timeout: 0 })).toBeUndefined();
  });

  it("goes on when the version is projected, without asking again and again", async () => {
    const patient = { timeout: longAfterTheTest, pollEvery: longAfterTheTest };
    const waiting = waitForVersion(database.pool, reservationId, 2, patient);
    await untilItListens(waiting);
    await projectReservation([created, confirmed]);
    expect(await waiting).toBeUndefined();
  });

  it("goes on a little later when the notification is lost", async () => {
    // A pool of one connection has none to listen with: every notification is lost.
    const deaf = database.newPool({ max: 1 });
    const pool = interrupted(deaf, 4, () => moveSilently(2));
    const waiting = waitForVersion(pool, reservationId, 2, { timeout: 5_000, pollEvery: 10 });
    expect(await waiting).toBeUndefined();
  });

  it("is told how far the read model is when the time is over", async () => {
    await moveSilently(1);
    await expect(
      waitForVersion(database.pool, reservationId, 2, { timeout: 50, pollEvery: longAfterTheTest }),
    ).rejects.toMatchObject({
      name: "ReadModelBehind",
      streamId: reservationId,
      wanted: 2,
      reached: 1,
    });
  });

  it("does not take another stream's version for its own", async () => {
    await projectReservation([created, confirmed]);
    await expect(
      waitForVersion(database.pool, "reservation-2", 1, { timeout: 50, pollEvery: 10 }),
    ).rejects.toMatchObject({ name: "ReadModelBehind", streamId: "reservation-2", reached: 0 });
  });

  it("waits with a pool of one connection, too", async () => {
    const single = database.newPool({ max: 1 });
    const waiting = waitForVersion(single, reservationId, 1, { timeout: 2_000, pollEvery: 10 });
    await Promise.all([waiting, moveSilently(1)]);
    expect(await waiting).toBeUndefined();
  });

  it("shares one listening connection with all who wait, and leaves none behind", async () => {
    const patient = { timeout: longAfterTheTest, pollEvery: longAfterTheTest };
    const waiting = Promise.all(
      [1, 1, 2, 2, 1, 2, 2, 1, 1, 2, 2, 1].map((version) =>
        waitForVersion(database.pool, reservationId, version, patient),
      ),
    );
    await untilItListens(waiting);
    const listening = await listeners(database.pool);
    await projectReservation([created, confirmed]);
    await waiting;
    await expect.poll(() => listeners(database.pool)).toBe(0);
    expect(listening).toBe(1);
  });
});
