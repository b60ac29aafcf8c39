/** `npm run play 9`: version 2 is built beside version 1, and goes live while guests book and the desk reads. */

import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
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

const booked = 200;
const stay = { arrival: "2030-05-01", departure: "2030-05-04" };
const pricePerNight = { amount: 12000, currency: "EUR" };
const total = { amount: 36000, currency: "EUR" };
const versions = [firstProjection, bookingDayProjection];

await withInfrastructure(["postgres"], async ({ databaseUrl, postgres }) => {
  const pool = new pg.Pool({ connectionString: databaseUrl });
  const store = postgresEventStore(pool);
  const book = async (number: number): Promise<void> => {
    const reservationId = `reservation-${number}`;
    const room = { hotelId: "hotel-1", guestId: `guest-${number}`, roomType: "double", guests: 2 };
    const day = `2030-01-${String((number % 28) + 1).padStart(2, "0")}T09:00:00.000Z`;
    const data = { reservationId, ...room, stay, pricePerNight, total, createdAt: day };
    const events = [
      { type: "ReservationCreated", data },
      { type: "ReservationConfirmed", data: { reservationId, confirmedAt: day } },
    ].map((event) => ({ ...event, id: randomUUID(), schemaVersion: 1, metadata: {} }));
    await store.append(reservationId, events, "no-stream");
    for await (const event of store.readStream(reservationId)) {
      await projectLive(pool, store, versions, event);
    }
  };
  const rowsOf = async (): Promise<number> => {
    const { rows } = await pool.query("select count(*)::integer as rows from reservations_view");
    return rows[0].rows;
  };
  /** A row as it is; null where there is no such column. */
  const show = async (): Promise<string> => {
    const { rows } = await pool.query(
      "select to_jsonb(v) as row from reservations_view v where reservation_id = 'reservation-1'",
    );
    const { reservation_id: id, status, arrival, booked_on: day } = rows[0].row;
    return `${id}  ${status}  arrives ${arrival}  booked on ${day ?? "?"}`;
  };
  try {
    await installSchemas(pool, schemaFiles);
    for (let number = 1; number <= booked; number++) await book(number);
    console.log(`A changed read model goes live · ${postgres.label}\n`);
    console.log(`version ${await liveVersion(pool)} live   ${await show()}\n`);

    let isRunning = true;
    let reads = 0;
    let fewest = booked;
    let made = booked;
    const desk = async (): Promise<void> => {
      for (; isRunning; await delay(2)) {
        fewest = Math.min(fewest, await rowsOf());
        reads += 1;
      }
    };
    const guests = async (): Promise<void> => {
      for (; isRunning; await delay(20)) await book(++made);
    };
    const meanwhile = Promise.all([desk(), guests()]);

    console.log("in the build    live at the moment    events a second    seconds left");
    const onProgress = ({ done, total, perSecond, secondsLeft }: Progress): void => {
      const columns = [
        `${made} reservations`,
        perSecond.toFixed(0),
        secondsLeft?.toFixed(1) ?? "?",
      ];
      const [live = "", rate = "", left = ""] = columns;
      console.log(
        `${`${done} of ${total}`.padEnd(14)}${live.padStart(20)}${rate.padStart(19)}${left.padStart(16)}`,
      );
    };
    await rebuild({ pool, projection: bookingDayProjection, batchSize: 100, onProgress }).finally(
      () => {
        isRunning = false;
      },
    );
    await meanwhile;

    console.log(`\nversion ${await liveVersion(pool)} live   ${await show()}\n`);
    console.log(`the desk read ${reads} times and never saw fewer than ${fewest} reservations`);
    console.log(
      `${made - booked} guests booked meanwhile: ${await rowsOf()} of ${made} are in the view`,
    );
  } finally {
    await pool.end();
  }
});
