/**
 * Where bookings have ended, and whether rooms and credit were conserved. It counts on its own, from the
 * events, and folds nothing with the code that it judges.
 */

import type { Stay } from "../../solutions/01-aggregate/reservation-types.ts";
import { bookings } from "../../solutions/12-saga/deciders.ts";
import type { EventEnvelope } from "../kernel/event.ts";
import type { EventStore } from "../kernel/event-store.ts";
import { moneyInWords } from "./bookings.ts";
import { stayInWords } from "./in-words.ts";
import { addDays } from "./reservations.ts";

interface Outcome {
  readonly booking: string;
  readonly reservation: "pending" | "confirmed" | "cancelled";
  /** The stays for which the hotel holds a room now. */
  readonly rooms: readonly string[];
  readonly charged: string;
}

/** Where each reservation has ended, beside where it has to end. */
export async function endsOf(
  store: EventStore,
): Promise<{ readonly actual: Record<string, Outcome>; readonly wanted: Record<string, Outcome> }> {
  const actual: Record<string, Outcome> = {};
  const wanted: Record<string, Outcome> = {};
  const all: EventEnvelope[] = [];
  for await (const event of store.readAll()) all.push(event);
  for (const created of all.filter(({ type }) => type === "ReservationCreated")) {
    const reservationId = created.streamId;
    const own = all
      .map(({ type, data }) => ({ type, data: Object(data) }))
      .filter(({ data }) => data.reservationId === reservationId);
    const last = (...types: readonly string[]) => own.findLast(({ type }) => types.includes(type));
    const { stay, total } = last("ReservationCreated")?.data ?? {};
    const { to = stay } = last("StayChanged")?.data ?? {};
    const isCancelled = last("ReservationCancelled") !== undefined;
    const isConfirmed = last("ReservationConfirmed") !== undefined;
    const stays = own.flatMap(({ type, data }) =>
      type === "RoomHeld" ? [stayInWords(data.stay)] : [],
    );
    const isReleased = last("RoomReleased") !== undefined;
    let cents = 0;
    for (const { type, data } of own) {
      if (type === "CreditCharged") cents += data.amount.amount;
      if (type === "CreditReturned") cents -= data.amount.amount;
    }
    const ends = Object.keys(bookings.eventTypes);
    actual[reservationId] = {
      booking: last(...ends)?.type ?? "none",
      reservation: isCancelled ? "cancelled" : isConfirmed ? "confirmed" : "pending",
      rooms: isReleased ? [] : stays,
      charged: moneyInWords({ ...total, amount: cents }),
    };
    wanted[reservationId] = isCancelled
      ? {
          booking: "BookingCancelled",
          reservation: "cancelled",
          rooms: [],
          charged: moneyInWords({ ...total, amount: 0 }),
        }
      : {
          booking: "BookingCompleted",
          reservation: "confirmed",
          rooms: [stayInWords(to)],
          charged: moneyInWords(total),
        };
  }
  return { actual, wanted };
}

/** What must never be, at no moment: `3 of 2 doubles on 2030-05-01`, `ada at -50.00 EUR`. */
export async function excesses(store: EventStore): Promise<readonly string[]> {
  const rooms = new Map<string, number>();
  const held = new Map<string, { readonly roomType: string; readonly stay: Stay }>();
  const credit = new Map<string, number>();
  const found = new Set<string>();
  for await (const event of store.readAll()) {
    const data = Object(event.data);
    if (event.type === "HotelOpened") {
      for (const [type, count] of Object.entries(data.rooms)) rooms.set(type, Number(count));
    }
    if (event.type === "RoomHeld") held.set(data.reservationId, data);
    if (event.type === "RoomReleased") held.delete(data.reservationId);
    if (event.type === "GuestRegistered") credit.set(data.guestId, data.credit.amount);
    const sign = event.type === "CreditCharged" ? -1 : event.type === "CreditReturned" ? 1 : 0;
    if (sign !== 0) {
      const left = (credit.get(data.guestId) ?? 0) + sign * data.amount.amount;
      credit.set(data.guestId, left);
      if (left < 0)
        found.add(`${data.guestId} at ${moneyInWords({ ...data.amount, amount: left })}`);
    }
    const taken = new Map<string, number>();
    for (const { roomType, stay } of held.values()) {
      for (const night of nightsOf(stay)) {
        const key = `${roomType}s on ${night}`;
        taken.set(key, (taken.get(key) ?? 0) + 1);
        const all = rooms.get(roomType) ?? 0;
        if ((taken.get(key) ?? 0) > all) found.add(`${taken.get(key)} of ${all} ${key}`);
      }
    }
  }
  return [...found];
}

/** By the date of their evening. */
export function nightsOf({ arrival, departure }: Stay): readonly string[] {
  const nights: string[] = [];
  for (let night = arrival; night < departure; night = addDays(night, 1)) nights.push(night);
  return nights;
}
