/**
 * The aggregate: all rules about one reservation, in two pure functions.
 *
 * `decide` says what a command leads to, or refuses it. `evolve` takes down what an event changed.
 * Neither reads a clock, a random number, the locale or the environment.
 */

import { DomainError } from "../../shared/kernel/errors.ts";
import { requireValidGuests, requireValidPrice, requireValidStay } from "./house-rules.ts";
import type {
  Money,
  Reservation,
  ReservationCommand,
  ReservationEvent,
  Stay,
} from "./reservation-types.ts";
import { countNights } from "./stay.ts";

/** Before the first event. */
export const initialState: Reservation = { status: "none" };

/** The state after this event. An event is a fact: it is taken down, never judged. */
export function evolve(state: Reservation, event: ReservationEvent): Reservation {
  // BEGIN SOLUTION: one case per event; return a new state, never change the old one
  if (event.type === "ReservationCreated") {
    const { createdAt, ...details } = event.data;
    return { ...details, status: "pending" };
  }
  if (state.status === "none") return state;
  switch (event.type) {
    case "ReservationConfirmed":
      return { ...state, status: "confirmed", confirmedAt: event.data.confirmedAt };
    case "StayChanged":
      return { ...state, stay: event.data.to, total: event.data.total };
    case "ReservationCancelled": {
      const { reason, cancelledAt } = event.data;
      return { ...state, status: "cancelled", reason, cancelledAt };
    }
    default:
      return assertNever(event);
  }
  // END SOLUTION
}

/**
 * What happens because of this command: its events, or `[]` where all is already as it asks.
 * @throws DomainError when the domain says no
 */
export function decide(
  command: ReservationCommand,
  state: Reservation,
): readonly ReservationEvent[] {
  // BEGIN SOLUTION: one case per command; return its events, [] for nothing to do, or throw a DomainError
  if (command.type === "CreateReservation") {
    if (state.status !== "none") throw alreadyExists(state.reservationId);
    const { now, ...details } = command.data;
    requireValidStay(details.stay, now);
    requireValidGuests(details.roomType, details.guests);
    requireValidPrice(details.pricePerNight);
    const total = priceOf(details.stay, details.pricePerNight);
    return [{ type: "ReservationCreated", data: { ...details, total, createdAt: now } }];
  }
  const { reservationId, now } = command.data;
  if (state.status === "none") throw notFound(reservationId);
  switch (command.type) {
    case "ConfirmReservation":
      if (state.status === "cancelled") throw isCancelled(reservationId);
      if (state.status === "confirmed") return [];
      return [{ type: "ReservationConfirmed", data: { reservationId, confirmedAt: now } }];
    case "ChangeStay": {
      if (state.status === "cancelled") throw isCancelled(reservationId);
      const { stay: from, pricePerNight } = state;
      const { stay: to } = command.data;
      if (from.arrival === to.arrival && from.departure === to.departure) return [];
      requireValidStay(to, now);
      const total = priceOf(to, pricePerNight);
      return [{ type: "StayChanged", data: { reservationId, from, to, total, changedAt: now } }];
    }
    case "CancelReservation": {
      if (state.status === "cancelled") return [];
      const { reason } = command.data;
      return [{ type: "ReservationCancelled", data: { reservationId, reason, cancelledAt: now } }];
    }
    default:
      return assertNever(command);
  }
  // END SOLUTION
}

/** Closes a switch: when a new event or command has no case yet, this line does not compile. */
function assertNever(unknown: never): never {
  throw new TypeError(`No code here knows ${JSON.stringify(unknown)}.`);
}

// BEGIN SOLUTION
function priceOf(stay: Stay, pricePerNight: Money): Money {
  return { ...pricePerNight, amount: countNights(stay) * pricePerNight.amount };
}

function alreadyExists(id: string): DomainError {
  return new DomainError("reservation-exists", `${id} exists already. Choose another id.`);
}

function notFound(id: string): DomainError {
  return new DomainError("reservation-not-found", `There is no ${id}. Create it first.`);
}

function isCancelled(id: string): DomainError {
  return new DomainError("reservation-cancelled", `${id} is cancelled. Create a new reservation.`);
}
// END SOLUTION
