/** `npm run play 8`: events come shuffled and twice: a plain counter beside your projection. */

import { randomUUID } from "node:crypto";
import pg from "pg";
import { installSchemas } from "../../shared/infrastructure/schemas.ts";
import { withInfrastructure } from "../../shared/infrastructure/with-infrastructure.ts";
import { postgresEventStore } from "../04-concurrency/event-store.ts";
import { project } from "./projection.ts";
import { waitForVersion } from "./read-your-writes.ts";
import { findReservation, occupancy } from "./reservations-view.ts";
import { schemaFiles } from "./schema.ts";

const stay = { arrival: "2030-05-01", departure: "2030-05-04" };
const now = "2030-01-10T09:00:00.000Z";
const total = { amount: 36000, currency: "EUR" };

await withInfrastructure(["postgres"], async ({ databaseUrl, postgres }) => {
  const pool = new pg.Pool({ connectionString: databaseUrl });
  const store = postgresEventStore(pool);
  const append = (reservationId: string, type: string, data: object) => {
    const event = { type, data: { reservationId, ...data } };
    const ready = { ...event, id: randomUUID(), schemaVersion: 1, metadata: {} };
    return store.append(reservationId, [ready], "any");
  };
  try {
    await installSchemas(pool, schemaFiles);
    for (let number = 1; number <= 9; number++) {
      const id = `reservation-${number}`;
      const room = {
        hotelId: "hotel-1",
        guestId: `guest-${number}`,
        roomType: "double",
        guests: 2,
      };
      await append(id, "ReservationCreated", { ...room, stay, total, createdAt: now });
      await append(id, "ReservationConfirmed", { confirmedAt: now });
      if (number > 6) await append(id, "ReservationCancelled", { reason: "ill", cancelledAt: now });
    }
    const stored = [];
    for await (const event of store.readAll()) stored.push(event);
    // In no order, and the same one on each run: 7 and 31 have no divisor in common.
    const comes = [...stored, ...stored.slice(0, 10)];
    const deliveries = comes.map((_, index) => comes[(index * 7) % comes.length] ?? comes[0]);

    let counter = 0;
    for (const event of deliveries) {
      if (!event) continue;
      if (event.type === "ReservationConfirmed") counter += 1;
      if (event.type === "ReservationCancelled") counter -= 1;
      await project(pool, store, event);
    }
    console.log(`What queries read · ${postgres.label}\n`);
    console.log(`${stored.length} events, delivered ${deliveries.length} times, in no order`);
    console.log("9 reservations were confirmed, 3 of them cancelled: 6 rooms are taken\n");
    console.log("night        count = count + 1   your projection");
    for (const { night, rooms } of await occupancy(pool, "hotel-1", "2030-05-01", "2030-05-04")) {
      console.log(`${night}   ${String(counter).padStart(17)}   ${String(rooms).padStart(15)}`);
    }

    const id = "reservation-1";
    const { version } = await append(id, "ReservationCancelled", {
      reason: "ill",
      cancelledAt: now,
    });
    console.log(`\n${id} is cancelled in the store, at version ${version}`);
    console.log(`  the read model, at once       ${(await findReservation(pool, id))?.status}`);
    const projected = (async () => {
      for await (const event of store.readStream(id)) await project(pool, store, event);
    })();
    const started = performance.now();
    await Promise.all([waitForVersion(pool, id, version), projected]);
    const waited = (performance.now() - started).toFixed(1);
    console.log(
      `  after waiting for version ${version}   ${(await findReservation(pool, id))?.status}, ${waited} ms`,
    );
  } finally {
    await pool.end();
  }
});
