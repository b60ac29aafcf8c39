/** `npm run play 9`: version 2 is built beside version 1, and goes live while guests book and the desk reads. */

import { randomUUID } from "node:crypto";
import pg from "pg";
import { installSchemas } from "../../shared/infrastructure/schemas.ts";
import { withInfrastructure } from "../../shared/infrastructure/with-infrastructure.ts";
import { postgresEventStore } from "../04-concurrency/event-store.ts";
import { bookingDayProjection } from "./booking-day.ts";
import { liveVersion, projectLive } from "./live-projection.ts";
import type { Progress } from "./progress.ts";
import { firstProjection } from "./projection.ts";
import { rebuild } from "./rebuild.ts";
import { schemaFiles } from "./schema.ts";

const booked = 400;
const stay = { arrival: "2030-05-01", departure: "2030-05-04" };
const money = { pricePerNight: 12000, total: 36000 };
const bothVersions = [firstProjection, bookingDayProjection];

await withInfrastructure(["postgres"], async ({ databaseUrl, postgres }) => {
  const pool = new pg.Pool({ connectionString: databaseUrl });
  const store = postgresEventStore(pool);
  const count = async (table: string, condition = "true"): Promise<string> => {
    const { rows } = await pool.query(`select count(*) from ${table} where ${condition}`);
    return String(rows[0].count);
  };
  const book = async (number: number): Promise<void> => {
    const id = `reservation-${number}`;
    const guest = { hotelId: "hotel-1", guestId: `guest-${number}`, roomType: "double", guests: 2 };
    const price = { currency: "EUR", amount: money.pricePerNight };
    const data = { reservationId: id, ...guest, stay, pricePerNight: price };
    const total = { currency: "EUR", amount: money.total };
    const day = String((number % 28) + 1).padStart(2, "0");
    const createdAt = `2030-01-${day}T09:00:00.000Z`;
    const events = [
      { type: "ReservationCreated", data: { ...data, total, createdAt } },
      { type: "ReservationConfirmed", data: { reservationId: id, confirmedAt: createdAt } },
    ].map((event) => ({ ...event, id: randomUUID(), schemaVersion: 1, metadata: {} }));
    await store.append(id, events, "no-stream");
    for await (const event of store.readStream(id)) {
      await projectLive(pool, store, bothVersions, event);
    }
  };
  try {
    await installSchemas(pool, schemaFiles);
    for (let number = 1; number <= booked; number++) await book(number);
    console.log(`A changed read model goes live · ${postgres.label}\n`);
    console.log(`${booked} reservations, 2 events each. Live: version ${await liveVersion(pool)}`);
    console.log("Version 2 keeps the day of booking, which no column of version 1 has\n");

    let isRunning = true;
    let fewest = booked;
    let reads = 0;
    let bookedMeanwhile = 0;
    const desk = (async () => {
      while (isRunning) {
        fewest = Math.min(fewest, Number(await count("reservations_view")));
        reads += 1;
      }
    })();
    const guests = (async () => {
      while (isRunning) await book(booked + ++bookedMeanwhile);
    })();

    console.log("the build     events a second   seconds left");
    const onProgress = ({ done, total, perSecond, secondsLeft }: Progress): void => {
      const left = secondsLeft?.toFixed(1) ?? "?";
      console.log(
        `${`${done} of ${total}`.padEnd(14)}${perSecond.toFixed(0).padStart(15)}${left.padStart(15)}`,
      );
    };
    await rebuild({ pool, projection: bookingDayProjection, batchSize: 200, onProgress }).finally(
      () => {
        isRunning = false;
      },
    );
    await Promise.all([desk, guests]);

    const all = booked + bookedMeanwhile;
    const rooms = await pool.query("select max(rooms) as rooms from hotel_occupancy");
    console.log(`\nLive: version ${await liveVersion(pool)}`);
    console.log(`  the desk read ${reads} times, and never saw fewer than ${fewest} reservations`);
    console.log(`  ${bookedMeanwhile} guests booked meanwhile`);
    console.log(
      `  reservations in the view   ${await count("reservations_view")} of ${all}, rooms taken ${rooms.rows[0].rooms}`,
    );
    console.log(
      `  with a day of booking      ${await count("reservations_view", "booked_on is not null")}`,
    );
  } finally {
    await pool.end();
  }
});
