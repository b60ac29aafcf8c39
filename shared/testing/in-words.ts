/** Reservations, their commands and events, and faults, in words, a line each, for the story of a test. */

import type {
  Reservation,
  ReservationCommand,
  ReservationEvent,
  Stay,
} from "../../solutions/01-aggregate/reservation-types.ts";
import type { Fault } from "../infrastructure/chaos.ts";

/** `a confirmed reservation, 2030-05-01 → 05-03, 2 guests in a double, 240.00 EUR` */
export function stateInWords(state: Reservation): string {
  if (state.status === "none") return "no reservation";
  const { status, stay, guests, roomType, total } = state;
  return `a ${status} reservation, ${stayInWords(stay)}, ${people(guests)} in a ${roomType}, ${money(total)}`;
}

/** `ChangeStay to 2030-05-02 → 05-05` */
export function commandInWords(command: ReservationCommand): string {
  switch (command.type) {
    case "CreateReservation": {
      const { stay, guests, roomType, pricePerNight } = command.data;
      const price = `${money(pricePerNight)} a night`;
      return `CreateReservation ${stayInWords(stay)}, ${people(guests)} in a ${roomType}, ${price}`;
    }
    case "ConfirmReservation":
      return "ConfirmReservation";
    case "ChangeStay":
      return `ChangeStay to ${stayInWords(command.data.stay)}`;
    case "CancelReservation":
      return `CancelReservation because "${command.data.reason}"`;
  }
}

/** `StayChanged to 2030-05-02 → 05-05, 360.00 EUR` */
export function eventInWords(event: ReservationEvent): string {
  switch (event.type) {
    case "ReservationCreated":
      return `ReservationCreated ${stayInWords(event.data.stay)}, ${money(event.data.total)}`;
    case "ReservationConfirmed":
      return "ReservationConfirmed";
    case "StayChanged":
      return `StayChanged to ${stayInWords(event.data.to)}, ${money(event.data.total)}`;
    case "ReservationCancelled":
      return `ReservationCancelled because "${event.data.reason}"`;
  }
}

/** `2030-05-01 → 05-03`; the year stands twice where it changes. */
export function stayInWords({ arrival, departure }: Stay): string {
  const isSameYear = arrival.slice(0, 5) === departure.slice(0, 5);
  return `${arrival} → ${isSameYear ? departure.slice(5) : departure}`;
}

/** `v2 StayChanged`: an event, or its row, by its place in its stream. */
export function versionInWords(event: { readonly version: number; readonly type: string }): string {
  return `v${event.version} ${event.type}`;
}

/** One line an event, numbered as the versions of its stream: `v1 ReservationConfirmed`. */
export function historyInWords(events: readonly ReservationEvent[]): readonly string[] {
  if (events.length === 0) return ["no events"];
  return events.map((event, index) => `v${index + 1} ${eventInWords(event)}`);
}

/** `after 312 bytes to-server: stall for 12 ms`; the bytes are counted since the fault before was over. */
export function faultInWords(fault: Fault): string {
  const when = `after ${fault.after} bytes ${fault.direction}`;
  return fault.fault === "cut"
    ? `${when}: cut`
    : `${when}: ${fault.fault} for ${fault.milliseconds} ms`;
}

function people(guests: number): string {
  return guests === 1 ? "1 guest" : `${guests} guests`;
}

function money({ amount, currency }: { readonly amount: number; readonly currency: string }) {
  const digits = currency === "JPY" ? 0 : 2;
  const units = amount / 10 ** digits;
  // Rounded, half a cent would look like a price.
  return `${Number.isInteger(amount) ? units.toFixed(digits) : units} ${currency}`;
}
