import type pg from "pg";
import { describe, expect, it } from "vitest";
import { useDatabase } from "../../shared/testing/database.ts";
import { storeReservations } from "../../shared/testing/rebuilding.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { findReservation } from "./reservations-view.ts";

const database = useDatabase(8);

describe("a query", () => {
  costs("the desk looks a guest up, and waits while 40 events are read, or sees no guest at all");

  it("shows the row of a reservation", async () => {
    story({
      given: "reservations_view has a row reservation-1, 2030-05-01 → 05-03",
      when: "reservation-1 is looked up",
      wanted: "the row as toRow shows it: stay, nights, total, and all the rest",
    });
    await insertPendingRow(database.pool);
    expect(await findReservation(database.pool, "reservation-1"), "what is found").toEqual({
      reservationId: "reservation-1",
      hotelId: "hotel-1",
      guestId: "guest-1",
      roomType: "double",
      guests: 2,
      status: "pending",
      stay: { arrival: "2030-05-01", departure: "2030-05-03" },
      nights: 2,
      total: { amount: 24000, currency: "EUR" },
      cancellationReason: null,
      updatedAt: "2030-01-10T09:00:00.000Z",
    });
  });

  it("is undefined where there is no row", async () => {
    story({
      given: "reservations_view has reservation-1 only",
      when: "reservation-2 is looked up",
      wanted: "undefined",
    });
    await insertPendingRow(database.pool);
    const found = await findReservation(database.pool, "reservation-2");
    expect(found, "what is found").toBeUndefined();
  });

  it("reads what was projected, and replays no events", async () => {
    story({
      given: "the store has reservation-1 as confirmed, and reservation-2, too",
      when: "both are looked up; the view has one row, reservation-1, pending",
      wanted: "reservation-1 as pending, reservation-2 as undefined",
    });
    await insertPendingRow(database.pool);
    await storeReservations(database.pool, ["reservation-1"]);
    await storeReservations(database.pool, ["reservation-2"], "pending");
    const found = await findReservation(database.pool, "reservation-1");
    expect(found, "reservation-1").toMatchObject({ status: "pending" });
    const absent = await findReservation(database.pool, "reservation-2");
    expect(absent, "reservation-2").toBeUndefined();
  });
});

async function insertPendingRow(pool: pg.Pool): Promise<void> {
  await pool.query(
    `insert into reservations_view
       (reservation_id, hotel_id, guest_id, room_type, guests, status, arrival, departure,
        total_amount, total_currency, updated_at)
     values ('reservation-1', 'hotel-1', 'guest-1', 'double', 2, 'pending', '2030-05-01', '2030-05-03',
             24000, 'EUR', '2030-01-10T09:00:00Z')`,
  );
}
