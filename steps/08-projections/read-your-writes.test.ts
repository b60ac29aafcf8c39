import { afterEach, describe, expect, it, vi } from "vitest";
import { interrupted } from "../../shared/testing/connections.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { inMemoryEventStore } from "../../shared/testing/in-memory-event-store.ts";
import { listeners, untilItListens } from "../../shared/testing/listening.ts";
import { recorded } from "../../shared/testing/new-events.ts";
import { confirmed, created, reservationId } from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { soon } from "../../shared/testing/waiting.ts";
import { project } from "../../solutions/08-projections/projection.ts";
import { waitForVersion } from "./read-your-writes.ts";

const database = useDatabase(8);
const longAfterTheTest = 60_000;

afterEach(() => vi.restoreAllMocks());

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

describe("a client that reads its own write", () => {
  costs("the guest changes her stay, sees the old one, changes it again, and calls the desk");

  it("goes on at once when the read model has the version, or a later one", async () => {
    for (const version of [3, 2]) {
      story({
        given: "the read model has reservation-1 at version 3",
        when: `a client wants version ${version}, with no time to wait`,
        wanted: "it goes on at once, without an error; it has looked, and borrowed no bell",
        costs: "each page that is shown opens a second connection, to listen for what is there",
      });
      await moveSilently(3);
      const pool = database.newPool();
      const taken = vi.spyOn(pool, "connect");
      const waiting = waitForVersion(pool, reservationId, version, { timeout: 0 });
      expect(await waiting, "what the client gets").toBeUndefined();
      expect(taken.mock.calls.length, "connections taken; to look needs one").toBe(1);
    }
  });

  it("goes on when the version is projected, without asking again and again", async () => {
    story({
      given: "the read model has nothing of reservation-1",
      when: "a client wants version 2, to be polled each minute; a moment later it is projected",
      wanted: "the notification wakes it at once; it has asked at most 10 times",
      costs: "each click waits for the next poll, or polls flood the database",
    });
    const patient = { timeout: longAfterTheTest, pollEvery: longAfterTheTest };
    const asked = vi.spyOn(database.pool, "query");
    const waiting = waitForVersion(database.pool, reservationId, 2, patient);
    await untilItListens(database.setUpPool, waiting);
    // Who asks without a pause has time for it: that of a hundred queries on another connection.
    for (let other = 0; other < 100; other += 1) await database.setUpPool.query("select 1");
    await projectReservation([created, confirmed]);
    const woken = soon(waiting, "it still waits, though version 2 is projected and announced");
    expect(await woken, "what the client gets").toBeUndefined();
    const looks = asked.mock.calls.filter(([text]) => String(text).includes("projected_streams"));
    // Before it listens, when it does, and after each announcement.
    expect(looks.length, "how often it has asked").toBeLessThanOrEqual(10);
  });

  it("goes on a little later when the notification is lost", async () => {
    story({
      given: "the read model has nothing of reservation-1",
      when: "a client wants version 2, polls each 10 ms; it comes without a bell",
      wanted: "the next poll sees it, and the client goes on",
    });
    // A pool of one connection has none to listen with: every notification is lost.
    const deaf = database.newPool({ max: 1 });
    const pool = interrupted(deaf, 4, () => moveSilently(2));
    const waiting = waitForVersion(pool, reservationId, 2, { timeout: 5_000, pollEvery: 10 });
    expect(await waiting, "what the client gets").toBeUndefined();
  });

  it("is told how far the read model is when the time is over", async () => {
    story({
      given: "the read model has reservation-1 at version 1",
      when: "a client wants version 2, and has 50 ms",
      wanted: "ReadModelBehind after 50 ms: reservation-1, wanted 2, reached 1",
      costs: "the page hangs as long as the projection is behind: for an hour",
    });
    await moveSilently(1);
    const patient = { timeout: 50, pollEvery: longAfterTheTest };
    const waiting = waitForVersion(database.pool, reservationId, 2, patient);
    const ended = soon(waiting, "it still waits, though its 50 ms are over");
    await expect(ended, "the end of the wait").rejects.toMatchObject({
      name: "ReadModelBehind",
      streamId: reservationId,
      wanted: 2,
      reached: 1,
    });
  });

  it("does not take another stream's version for its own", async () => {
    story({
      given: "the read model has version 2 of reservation-1, and no reservation-2",
      when: "a client wants version 1 of reservation-2, and has 50 ms",
      wanted: "ReadModelBehind: reservation-2, reached 0",
    });
    await projectReservation([created, confirmed]);
    const brief = { timeout: 50, pollEvery: 10 };
    const waiting = waitForVersion(database.pool, "reservation-2", 1, brief);
    const ended = soon(waiting, "it still waits, though its 50 ms are over");
    await expect(ended, "the end of the wait").rejects.toMatchObject({
      name: "ReadModelBehind",
      streamId: "reservation-2",
      reached: 0,
    });
  });

  it("waits with a pool of one connection, too", async () => {
    story({
      given: "a pool of 1 connection; the read model has no reservation-1 yet",
      when: "a client wants version 1, and a moment later it is there",
      wanted: "it goes on: no connection is kept while it waits",
      costs: "ten clients wait and use the pool up: what they wait for never comes",
    });
    const single = database.newPool({ max: 1 });
    const waiting = waitForVersion(single, reservationId, 1, { timeout: 2_000, pollEvery: 10 });
    await Promise.all([waiting, moveSilently(1)]);
    expect(await waiting, "what the client gets").toBeUndefined();
  });

  it("shares one listening connection with all who wait, and leaves none behind", async () => {
    story({
      given: "12 clients that want version 1 or 2 of reservation-1",
      when: "all wait, and then both versions are projected",
      wanted: "one connection listens for all of them, and none afterwards",
      costs: "ten visitors press save, and nobody else gets a connection",
    });
    const patient = { timeout: longAfterTheTest, pollEvery: longAfterTheTest };
    const waiting = Promise.all(
      [1, 1, 2, 2, 1, 2, 2, 1, 1, 2, 2, 1].map((version) =>
        waitForVersion(database.pool, reservationId, version, patient),
      ),
    );
    await untilItListens(database.setUpPool, waiting);
    const listening = await listeners(database.setUpPool);
    await projectReservation([created, confirmed]);
    await soon(waiting, "some still wait, though version 2 is projected and announced");
    const message = "connections that listen afterwards";
    await expect.poll(() => listeners(database.setUpPool), { message }).toBe(0);
    expect(listening, "connections that listened for all").toBe(1);
  });
});
