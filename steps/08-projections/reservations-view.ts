/**
 * The read side: queries on tables that the projection keeps ready.
 *
 * A query never touches an event. That is what makes it fast, and what lets the tables be shaped
 * for the question instead of for the write.
 */

import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import type { Money, Stay } from "../01-aggregate/reservation-types.ts";
import type { Queryable } from "../03-event-store/rows.ts";

/** A reservation as the read model shows it. */
export interface ReservationRow {
  readonly reservationId: string;
  readonly hotelId: string;
  readonly guestId: string;
  readonly roomType: string;
  readonly guests: number;
  readonly status: "pending" | "confirmed" | "cancelled";
  readonly stay: Stay;
  readonly nights: number;
  readonly total: Money;
  readonly cancellationReason: string | null;
  readonly updatedAt: string;
}

/** One reservation, or undefined where the read model has none. */
export async function findReservation(
  db: Queryable,
  reservationId: string,
): Promise<ReservationRow | undefined> {
  // TODO: one `select ${columns} from reservations_view ...` by its key (both are below:
  // columns, and toRow for the row that comes back). No event is read here.
  throw new NotImplemented("findReservation");
}

export interface ListOptions {
  readonly hotelId?: string;
  readonly guestId?: string;
  readonly status?: ReservationRow["status"];
  /** Where the page before ended: its `next`. */
  readonly after?: Cursor;
  /** At most 200; 50 when left out. */
  readonly limit?: number;
}

export interface Cursor {
  readonly arrival: string;
  readonly reservationId: string;
}

export interface Page {
  readonly reservations: readonly ReservationRow[];
  /** Where the next page begins; undefined on the last one. */
  readonly next: Cursor | undefined;
}

/** A page of reservations by day of arrival. It seeks to its start: page 1,000 costs what page 1 does. */
export async function listReservations(db: Queryable, options: ListOptions = {}): Promise<Page> {
  const limit = Math.min(Math.max(Math.trunc(options.limit ?? 50), 1), 200);
  const { rows } = await db.query<ViewColumns>(
    `select ${columns}
     from reservations_view
     where ($1::text is null or hotel_id = $1)
       and ($2::text is null or guest_id = $2)
       and ($3::text is null or status = $3)
       and ($4::date is null or (arrival, reservation_id) > ($4, $5::text))
     order by arrival, reservation_id
     limit $6`,
    [
      options.hotelId,
      options.guestId,
      options.status,
      options.after?.arrival,
      options.after?.reservationId,
      limit + 1,
    ],
  );
  const reservations = rows.slice(0, limit).map(toRow);
  const last = reservations.at(-1);
  const isLastPage = rows.length <= limit || last === undefined;
  return {
    reservations,
    next: isLastPage
      ? undefined
      : { arrival: last.stay.arrival, reservationId: last.reservationId },
  };
}

export interface NightOccupancy {
  readonly night: string;
  readonly rooms: number;
}

/** Rooms taken by confirmed reservations, for each night from `from` up to, not including, `to`. */
export async function occupancy(
  db: Queryable,
  hotelId: string,
  from: string,
  to: string,
): Promise<readonly NightOccupancy[]> {
  const { rows } = await db.query<NightOccupancy>(
    `select series.night::date::text as night, coalesce(rooms, 0) as rooms
     from generate_series($2::date, $3::date - 1, interval '1 day') as series (night)
     left join hotel_occupancy on hotel_id = $1 and hotel_occupancy.night = series.night
     order by 1`,
    [hotelId, from, to],
  );
  return rows;
}

/** What toRow needs. Dates leave PostgreSQL as text: `pg` would make local midnights of them. */
const columns = `
  reservation_id, hotel_id, guest_id, room_type, guests, status, arrival::text, departure::text,
  departure - arrival as nights, total_amount, total_currency, cancellation_reason, updated_at`;

interface ViewColumns {
  readonly reservation_id: string;
  readonly hotel_id: string;
  readonly guest_id: string;
  readonly room_type: string;
  readonly guests: number;
  readonly status: ReservationRow["status"];
  readonly arrival: string;
  readonly departure: string;
  readonly nights: number;
  readonly total_amount: string;
  readonly total_currency: string;
  readonly cancellation_reason: string | null;
  readonly updated_at: Date;
}

function toRow(row: ViewColumns): ReservationRow {
  return {
    reservationId: row.reservation_id,
    hotelId: row.hotel_id,
    guestId: row.guest_id,
    roomType: row.room_type,
    guests: row.guests,
    status: row.status,
    stay: { arrival: row.arrival, departure: row.departure },
    nights: row.nights,
    // A bigint comes as a string; an amount was a safe integer when its event was stored.
    total: { amount: Number(row.total_amount), currency: row.total_currency },
    cancellationReason: row.cancellation_reason,
    updatedAt: row.updated_at.toISOString(),
  };
}
