/**
 * What each event changes in the read model.
 *
 * Everything comes from the event: no clock, no lookup elsewhere. So whoever projects the same
 * events, today or in a rebuild next year, gets the same rows.
 */

import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import type { ReservationEvent, Stay } from "../01-aggregate/reservation-types.ts";
import type { Queryable } from "../03-event-store/rows.ts";
import { asReservationEvent } from "../05-command-handlers/repository.ts";
import { findReservation, type ReservationRow } from "./reservations-view.ts";

/**
 * Applies one event to reservations_view and hotel_occupancy, on the connection of the transaction
 * that holds the stream's lock. Its predecessors have been applied; nobody else writes its row.
 * @throws UnknownEventType
 */
export async function applyToView(db: Queryable, event: EventEnvelope): Promise<void> {
  const known = asReservationEvent(event);
  // TODO: one case per type of event, with the functions below
  // - ReservationCreated: insertReservation
  // - the others: read the row as it was (rowBefore), then update it; updated_at is known.recordedAt
  // - only a confirmed reservation takes rooms: moveRooms where that changes
  throw new NotImplemented("applyToView");
}

async function insertReservation(
  db: Queryable,
  { data, recordedAt }: EventEnvelope<ReservationEvent & { readonly type: "ReservationCreated" }>,
): Promise<void> {
  await db.query(
    `insert into reservations_view
       (reservation_id, hotel_id, guest_id, room_type, guests, status, arrival, departure,
        total_amount, total_currency, updated_at)
     values ($1, $2, $3, $4, $5, 'pending', $6, $7, $8, $9, $10)`,
    [
      data.reservationId,
      data.hotelId,
      data.guestId,
      data.roomType,
      data.guests,
      data.stay.arrival,
      data.stay.departure,
      data.total.amount,
      data.total.currency,
      recordedAt,
    ],
  );
}

/** The row as the events before this one left it. */
async function rowBefore(db: Queryable, event: EventEnvelope): Promise<ReservationRow> {
  const row = await findReservation(db, event.streamId);
  if (row) return row;
  throw new Error(
    `reservations_view has no row ${event.streamId} for ${event.type} at version ${event.version}. ` +
      "The view and its checkpoints no longer belong together: build it anew from the events.",
  );
}

/**
 * Takes the nights of `from` off the hotel's count and adds those of `to`, in one statement that
 * goes by night: two transactions that lock several nights in different orders would deadlock.
 */
async function moveRooms(
  db: Queryable,
  hotelId: string,
  { from, to }: { readonly from?: Stay; readonly to?: Stay },
): Promise<void> {
  await db.query(
    `insert into hotel_occupancy (hotel_id, night, rooms)
     select $1, night::date, sum(change)
     from (
       select generate_series($2::date, $3::date - 1, interval '1 day') as night, -1 as change
       union all
       select generate_series($4::date, $5::date - 1, interval '1 day'), 1
     ) as changes
     group by night
     having sum(change) <> 0
     order by night
     on conflict (hotel_id, night) do update set rooms = hotel_occupancy.rooms + excluded.rooms`,
    [hotelId, from?.arrival, from?.departure, to?.arrival, to?.departure],
  );
}
