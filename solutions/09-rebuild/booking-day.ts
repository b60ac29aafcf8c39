/**
 * Version 2 of the projection: it keeps the day on which a guest booked. Given.
 *
 * Version 1 threw that day away. No migration of its tables could bring it back; the events have it.
 */

import type { EventEnvelope } from "../../shared/kernel/event.ts";
import type { Queryable } from "../03-event-store/rows.ts";
import { asReservationEvent } from "../05-command-handlers/repository.ts";
import { applyToView } from "../08-projections/apply-to-view.ts";
import { firstProjection, oneByOne, type Projection } from "./projection.ts";

export const bookingDayProjection: Projection = {
  version: 2,
  tables: [...firstProjection.tables, new URL("./booking-day.sql", import.meta.url)],
  apply: oneByOne(applyWithBookingDay),
};

async function applyWithBookingDay(db: Queryable, event: EventEnvelope): Promise<void> {
  const known = asReservationEvent(event);
  await applyToView(db, event);
  if (known.type !== "ReservationCreated") return;
  await db.query(
    `update reservations_view set booked_on = ($2::timestamptz at time zone 'utc')::date
     where reservation_id = $1`,
    [known.data.reservationId, known.data.createdAt],
  );
}
