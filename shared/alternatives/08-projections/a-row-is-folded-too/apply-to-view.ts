/** The read model as a fold: a pure function from a row and an event to the next row, and one way to save it. */

import type { EventEnvelope } from "../../../../shared/kernel/event.ts";
import type {
  ReservationEvent,
  Stay,
} from "../../../../solutions/01-aggregate/reservation-types.ts";
import { countNights } from "../../../../solutions/01-aggregate/stay.ts";
import type { Queryable } from "../../../../solutions/03-event-store/rows.ts";
import { asReservationEvent } from "../../../../solutions/05-command-handlers/repository.ts";
import {
  findReservation,
  type ReservationRow,
} from "../../../../solutions/08-projections/reservations-view.ts";

/**
 * Applies one event to reservations_view and hotel_occupancy, on the connection of the transaction
 * that holds the stream's lock. Its predecessors have been applied; nobody else writes its row.
 * @throws UnknownEventType
 */
export async function applyToView(db: Queryable, event: EventEnvelope): Promise<void> {
  const known = asReservationEvent(event);
  const before = await findReservation(db, known.streamId);
  const after = rowAfter(before, known);
  await saveRow(db, after);
  const [from, to] = [roomsOf(before), roomsOf(after)];
  await moveRooms(db, after.hotelId, { ...(from && { from }), ...(to && { to }) });
}

/** The row is a state like any other: a pure fold over the events. */
function rowAfter(
  before: ReservationRow | undefined,
  { type, data, streamId, version, recordedAt: updatedAt }: EventEnvelope<ReservationEvent>,
): ReservationRow {
  if (type === "ReservationCreated") {
    const { createdAt, pricePerNight, ...details } = data;
    const nights = countNights(data.stay);
    return { ...details, status: "pending", nights, cancellationReason: null, updatedAt };
  }
  if (!before) {
    throw new Error(
      `reservations_view has no row ${streamId} for ${type} at version ${version}. ` +
        "The view and its checkpoints no longer belong together: build it anew from the events.",
    );
  }
  switch (type) {
    case "ReservationConfirmed":
      return { ...before, status: "confirmed", updatedAt };
    case "StayChanged":
      return {
        ...before,
        stay: data.to,
        nights: countNights(data.to),
        total: data.total,
        updatedAt,
      };
    case "ReservationCancelled":
      return { ...before, status: "cancelled", cancellationReason: data.reason, updatedAt };
  }
}

/** Only a confirmed reservation takes rooms. */
function roomsOf(row: ReservationRow | undefined): Stay | undefined {
  return row?.status === "confirmed" ? row.stay : undefined;
}

async function saveRow(db: Queryable, row: ReservationRow): Promise<void> {
  await db.query(
    `insert into reservations_view
       (reservation_id, hotel_id, guest_id, room_type, guests, status, arrival, departure,
        total_amount, total_currency, cancellation_reason, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     on conflict (reservation_id) do update
        set status = excluded.status, arrival = excluded.arrival, departure = excluded.departure,
            total_amount = excluded.total_amount, total_currency = excluded.total_currency,
            cancellation_reason = excluded.cancellation_reason, updated_at = excluded.updated_at`,
    [
      ...[row.reservationId, row.hotelId, row.guestId, row.roomType, row.guests, row.status],
      ...[row.stay.arrival, row.stay.departure, row.total.amount, row.total.currency],
      ...[row.cancellationReason, row.updatedAt],
    ],
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
