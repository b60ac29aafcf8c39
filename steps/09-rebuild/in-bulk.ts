/**
 * Version 1 of the projection for batches: a handful of statements for 500 events, not 1,500. Given.
 *
 * The rows are folded in memory and written once. The same projection is now written twice, here and
 * in applyToView: only the law that compares the two keeps them from drifting apart.
 */

import type { EventEnvelope } from "../../shared/kernel/event.ts";
import type { Money, ReservationEvent, Stay } from "../01-aggregate/reservation-types.ts";
import type { Queryable } from "../03-event-store/rows.ts";
import { asReservationEvent } from "../05-command-handlers/repository.ts";
import type { ReservationRow } from "../08-projections/reservations-view.ts";
import { firstProjection, type Projection } from "./projection.ts";

export const bulkProjection: Projection = { ...firstProjection, apply: applyInBulk };

type Row = Omit<ReservationRow, "nights">;

/** A stay whose nights have a room more (1), or one less (-1). */
interface Moved {
  readonly hotelId: string;
  readonly stay: Stay;
  readonly change: 1 | -1;
}

async function applyInBulk(db: Queryable, events: readonly EventEnvelope[]): Promise<void> {
  const known = events.map(asReservationEvent);
  const rows = await rowsBefore(db, [...new Set(known.map(({ streamId }) => streamId))]);
  const moved: Moved[] = [];
  for (const event of known) {
    const { row, moves } = applied(rows.get(event.streamId), event);
    rows.set(event.streamId, row);
    moved.push(...moves);
  }
  await writeRows(db, [...rows.values()]);
  await moveRooms(db, moved);
}

/** The row after the event, and the rooms that it moves. */
function applied(
  before: Row | undefined,
  event: EventEnvelope<ReservationEvent>,
): { readonly row: Row; readonly moves: readonly Moved[] } {
  const updatedAt = event.recordedAt;
  if (event.type === "ReservationCreated") {
    const { reservationId, hotelId, guestId, roomType, guests, stay, total } = event.data;
    const guest = { reservationId, hotelId, guestId, roomType, guests };
    const row: Row = {
      ...guest,
      status: "pending",
      stay,
      total,
      cancellationReason: null,
      updatedAt,
    };
    return { row, moves: [] };
  }
  if (!before) {
    throw new Error(
      `There is no row ${event.streamId} for ${event.type} at version ${event.version}.`,
    );
  }
  const { hotelId, stay, status } = before;
  const givenBack: readonly Moved[] = status === "confirmed" ? [{ hotelId, stay, change: -1 }] : [];
  switch (event.type) {
    case "ReservationConfirmed": {
      const row: Row = { ...before, status: "confirmed", updatedAt };
      return { row, moves: [{ hotelId, stay, change: 1 }] };
    }
    case "StayChanged": {
      const { to, total } = event.data;
      const taken: readonly Moved[] = givenBack.map((one) => ({ ...one, stay: to, change: 1 }));
      return { row: { ...before, stay: to, total, updatedAt }, moves: [...givenBack, ...taken] };
    }
    case "ReservationCancelled": {
      const cancellationReason = event.data.reason;
      const row: Row = { ...before, status: "cancelled", cancellationReason, updatedAt };
      return { row, moves: givenBack };
    }
    default:
      return event satisfies never;
  }
}

async function rowsBefore(db: Queryable, ids: readonly string[]): Promise<Map<string, Row>> {
  const { rows } = await db.query<
    Omit<Row, "total"> & { amount: string; currency: Money["currency"] }
  >(
    `select reservation_id as "reservationId", hotel_id as "hotelId", guest_id as "guestId",
            room_type as "roomType", guests, status, total_amount as amount, total_currency as currency,
            json_build_object('arrival', arrival::text, 'departure', departure::text) as stay,
            cancellation_reason as "cancellationReason", updated_at as "updatedAt"
       from reservations_view
      where reservation_id = any($1)`,
    [ids],
  );
  return new Map(
    rows.map(({ amount, currency, ...row }) => [
      row.reservationId,
      { ...row, total: { amount: Number(amount), currency } },
    ]),
  );
}

async function writeRows(db: Queryable, rows: readonly Row[]): Promise<void> {
  await db.query(
    `insert into reservations_view
       (reservation_id, hotel_id, guest_id, room_type, guests, status, arrival, departure,
        total_amount, total_currency, cancellation_reason, updated_at)
     select * from unnest(
       $1::text[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::text[], $7::date[], $8::date[],
       $9::bigint[], $10::text[], $11::text[], $12::timestamptz[])
     on conflict (reservation_id) do update
     set status = excluded.status, arrival = excluded.arrival, departure = excluded.departure,
         total_amount = excluded.total_amount, total_currency = excluded.total_currency,
         cancellation_reason = excluded.cancellation_reason, updated_at = excluded.updated_at`,
    [
      rows.map(({ reservationId }) => reservationId),
      rows.map(({ hotelId }) => hotelId),
      rows.map(({ guestId }) => guestId),
      rows.map(({ roomType }) => roomType),
      rows.map(({ guests }) => guests),
      rows.map(({ status }) => status),
      rows.map(({ stay }) => stay.arrival),
      rows.map(({ stay }) => stay.departure),
      rows.map(({ total }) => total.amount),
      rows.map(({ total }) => total.currency),
      rows.map(({ cancellationReason }) => cancellationReason),
      rows.map(({ updatedAt }) => updatedAt),
    ],
  );
}

async function moveRooms(db: Queryable, moved: readonly Moved[]): Promise<void> {
  await db.query(
    `insert into hotel_occupancy (hotel_id, night, rooms)
     select hotel_id, night::date, sum(change)
       from unnest($1::text[], $2::date[], $3::date[], $4::integer[])
              as moved (hotel_id, arrival, departure, change),
            generate_series(arrival, departure - 1, interval '1 day') as night
      group by hotel_id, night
     having sum(change) <> 0
      order by hotel_id, night
     on conflict (hotel_id, night) do update set rooms = hotel_occupancy.rooms + excluded.rooms`,
    [
      moved.map(({ hotelId }) => hotelId),
      moved.map(({ stay }) => stay.arrival),
      moved.map(({ stay }) => stay.departure),
      moved.map(({ change }) => change),
    ],
  );
}
