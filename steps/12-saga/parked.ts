/** The dead ends, for the people who look after them. Given. */

import type { Queryable } from "../03-event-store/rows.ts";

export interface ParkedRow {
  readonly reservationId: string;
  readonly reason: string;
  readonly parkedAt: string;
  /** To find everything that belongs to it. */
  readonly correlationId: string | null;
}

/** The bookings that are parked now, the longest waiting first. */
export async function parkedBookings(db: Queryable): Promise<readonly ParkedRow[]> {
  const { rows } = await db.query<{
    reservation_id: string;
    reason: string;
    recorded_at: Date;
    correlation_id: string | null;
  }>(
    `select data ->> 'reservationId' as reservation_id, data ->> 'reason' as reason,
            recorded_at, metadata ->> 'correlationId' as correlation_id
       from events as parked
      where type = 'BookingParked'
        and not exists (select from events as later
                         where later.stream_id = parked.stream_id
                           and later.version > parked.version)
      order by position`,
  );
  return rows.map((row) => ({
    reservationId: row.reservation_id,
    reason: row.reason,
    parkedAt: row.recorded_at.toISOString(),
    correlationId: row.correlation_id,
  }));
}
