/** What the read model of step 08 must hold for given events, and what its tables hold. */

import type pg from "pg";
import type { ReservationEvent } from "../../solutions/01-aggregate/reservation-types.ts";
import type { EventEnvelope } from "../kernel/event.ts";
import type { EventStore } from "../kernel/event-store.ts";
import { addDays, stateAfter } from "./reservations.ts";

export interface ReadModel {
  readonly reservations: readonly ReservationShown[];
  /** Nights with at least one room taken, as `hotel-1 2030-05-01: 2`. */
  readonly occupancy: readonly string[];
  /** How far each stream is, as `reservation-1 at version 3, position 7`. */
  readonly streams: readonly string[];
}

interface ReservationShown {
  readonly reservationId: string;
  readonly hotelId: string;
  readonly guestId: string;
  readonly roomType: string;
  readonly guests: number;
  readonly status: string;
  readonly arrival: string;
  readonly departure: string;
  readonly total: string;
  readonly cancellationReason: string | null;
  readonly updatedAt: string;
}

/**
 * The pure projection: each stream's state is folded by the aggregate, and the rooms are counted at the
 * end. It shares no code and no way of counting with the projection that it judges.
 */
export function viewOf(events: readonly EventEnvelope<ReservationEvent>[]): ReadModel {
  const histories = new Map<string, EventEnvelope<ReservationEvent>[]>();
  for (const event of events) {
    histories.set(event.streamId, [...(histories.get(event.streamId) ?? []), event]);
  }
  const reservations: ReservationShown[] = [];
  const streams: string[] = [];
  const rooms = new Map<string, number>();
  for (const history of histories.values()) {
    const state = stateAfter(history);
    const last = history.at(-1);
    if (state.status === "none" || !last) continue;
    streams.push(streamShown(last.streamId, last.version, last.position));
    reservations.push({
      reservationId: state.reservationId,
      hotelId: state.hotelId,
      guestId: state.guestId,
      roomType: state.roomType,
      guests: state.guests,
      status: state.status,
      arrival: state.stay.arrival,
      departure: state.stay.departure,
      total: `${state.total.amount} ${state.total.currency}`,
      cancellationReason: state.status === "cancelled" ? state.reason : null,
      updatedAt: last.recordedAt,
    });
    if (state.status !== "confirmed") continue;
    const { arrival, departure } = state.stay;
    for (let night = arrival; night < departure; night = addDays(night, 1)) {
      const key = `${state.hotelId} ${night}`;
      rooms.set(key, (rooms.get(key) ?? 0) + 1);
    }
  }
  return {
    reservations: reservations.sort((a, b) => (a.reservationId < b.reservationId ? -1 : 1)),
    occupancy: [...rooms].map(([night, count]) => `${night}: ${count}`).sort(),
    streams: streams.sort(),
  };
}

/** What the tables hold, read by SQL of its own. */
export async function readModelIn(pool: pg.Pool): Promise<ReadModel> {
  const reservations = await pool.query<Omit<ReservationShown, "updatedAt"> & { updatedAt: Date }>(
    `select reservation_id as "reservationId", hotel_id as "hotelId", guest_id as "guestId",
            room_type as "roomType", guests, status,
            arrival::text, departure::text, total_amount || ' ' || total_currency as total,
            cancellation_reason as "cancellationReason", updated_at as "updatedAt"
       from reservations_view
      order by reservation_id`,
  );
  const nights = await pool.query<{ night: string }>(
    `select hotel_id || ' ' || night::text || ': ' || rooms as night
       from hotel_occupancy where rooms <> 0`,
  );
  const streams = await pool.query<{ stream_id: string; version: number; position: string }>(
    "select stream_id, version, position from projected_streams where version > 0",
  );
  return {
    reservations: reservations.rows.map((row) => ({
      ...row,
      updatedAt: row.updatedAt.toISOString(),
    })),
    occupancy: nights.rows.map(({ night }) => night).sort(),
    streams: streams.rows
      .map((row) => streamShown(row.stream_id, row.version, BigInt(row.position)))
      .sort(),
  };
}

/** Faster than truncate for a handful of rows. */
export async function emptyReadModel(pool: pg.Pool): Promise<void> {
  await pool.query(
    "delete from reservations_view; delete from hotel_occupancy; delete from projected_streams",
  );
}

/** All that a store holds, in order. */
export async function eventsIn(
  store: EventStore,
): Promise<readonly EventEnvelope<ReservationEvent>[]> {
  const events: EventEnvelope<ReservationEvent>[] = [];
  for await (const event of store.readAll()) events.push(event as (typeof events)[number]);
  return events;
}

function streamShown(streamId: string, version: number, position: bigint): string {
  return `${streamId} at version ${version}, position ${position}`;
}
