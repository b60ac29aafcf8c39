import { describe, expect, it } from "vitest";
import { eventsIn, readModelIn, viewOf } from "../../shared/testing/read-model.ts";
import {
  storeReservations,
  threeAreLive,
  threeLive,
  useReadModel,
} from "../../shared/testing/rebuilding.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { bookingDayProjection } from "./booking-day.ts";
import { openBuild } from "./build.ts";
import { liveVersion, projectLive } from "./live-projection.ts";
import { firstProjection } from "./projection.ts";
import { rebuild } from "./rebuild.ts";

const { database, store } = useReadModel();

const theLive = "the live read model";

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
      given: `${threeLive}, by version 1, which keeps no day of booking`,
      when: "version 2, which does, is built and goes live; then reservation-4 is made",
      wanted: "all four have their day of booking, and version 2 is live",
    });
    await threeAreLive(database.setUpPool);
    await rebuild({ pool: database.pool, projection: bookingDayProjection });
    await storeReservations(database.setUpPool, ["reservation-4"]);
    for await (const event of store().readStream("reservation-4")) {
      await projectLive(database.setUpPool, store(), both, event);
    }
    expect(await booked(), "the days of booking").toEqual(
      [1, 2, 3, 4].map((number) => `reservation-${number} 2030-01-10`),
    );
    expect(await liveVersion(database.setUpPool), "the live version").toBe(2);
    expect(await readModelIn(database.setUpPool), theLive).toEqual(viewOf(await eventsIn(store())));
  });

  it("is not written to by a process that does not know it", async () => {
    story({
      given: `${threeLive}; version 2 is built and goes live`,
      when: "a process that knows version 1 only projects reservation-4",
      wanted: "UnknownProjection, and nothing is written",
      costs:
        "for an hour old processes write rows without the new column: the next rebuild mends it",
    });
    await threeAreLive(database.setUpPool);
    await rebuild({ pool: database.pool, projection: bookingDayProjection });
    const before = await readModelIn(database.setUpPool);
    await storeReservations(database.setUpPool, ["reservation-4"], "pending");
    for await (const event of store().readStream("reservation-4")) {
      const old = projectLive(database.setUpPool, store(), [firstProjection], event);
      await expect(old, "what comes of it").rejects.toMatchObject({
        name: "UnknownProjection",
        version: 2,
      });
    }
    expect(await readModelIn(database.setUpPool), theLive).toEqual(before);
  });

  it("begins anew where a build of another version was left", async () => {
    story({
      given: `${threeLive}; an interrupted rebuild of version 1 has left its build`,
      when: "version 2 is built and goes live",
      wanted: "version 2's rows, all of them: none was taken over from the other build",
    });
    await threeAreLive(database.setUpPool);
    const client = await database.setUpPool.connect();
    await openBuild(client, firstProjection);
    await client.query("update rebuild.build set transaction_id = '9000000000', done = 6");
    client.release();
    await rebuild({ pool: database.pool, projection: bookingDayProjection });
    expect((await booked()).length, "the reservations").toBe(3);
    expect(await readModelIn(database.setUpPool), theLive).toEqual(viewOf(await eventsIn(store())));
  });
});
