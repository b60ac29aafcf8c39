/** A long life of one reservation: created, then changed again and again. */

import { randomUUID } from "node:crypto";
import type { NewEvent } from "../shared/kernel/event.ts";
import type { ReservationEvent } from "../solutions/01-aggregate/reservation-types.ts";

export function longHistory(reservationId: string, length: number): NewEvent[] {
  const money = { amount: 24_000, currency: "EUR" };
  const stays = [
    { arrival: "2030-05-01", departure: "2030-05-03" },
    { arrival: "2030-05-02", departure: "2030-05-04" },
  ] as const;
  const created: ReservationEvent = {
    type: "ReservationCreated",
    data: {
      reservationId,
      hotelId: "hotel-1",
      guestId: "guest-1",
      roomType: "double",
      guests: 2,
      stay: stays[0],
      pricePerNight: money,
      total: money,
      createdAt: "2030-04-01T12:00:00.000Z",
    },
  };
  const changed = (index: number): ReservationEvent => ({
    type: "StayChanged",
    data: {
      reservationId,
      from: index % 2 === 1 ? stays[0] : stays[1],
      to: index % 2 === 1 ? stays[1] : stays[0],
      total: money,
      changedAt: "2030-04-01T12:00:00.000Z",
    },
  });
  return Array.from({ length }, (_, index) => {
    const id = randomUUID();
    const event = index === 0 ? created : changed(index);
    return { ...event, id, schemaVersion: 1, metadata: { correlationId: id, causationId: id } };
  });
}
