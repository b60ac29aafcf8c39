/** The aggregate as a state machine: a function for each state says what every command means there. */

import { DomainError } from "../../../../shared/kernel/errors.ts";
import {
  requireValidGuests,
  requireValidPrice,
  requireValidStay,
} from "../../../../solutions/01-aggregate/house-rules.ts";
import type {
  CancelledReservation,
  ChangeStay,
  ConfirmedReservation,
  Money,
  NoReservation,
  PendingReservation,
  Reservation,
  ReservationCommand,
  ReservationEvent,
  Stay,
} from "../../../../solutions/01-aggregate/reservation-types.ts";
import { countNights } from "../../../../solutions/01-aggregate/stay.ts";

export const initialState: NoReservation = { status: "none" };

export function decide(
  command: ReservationCommand,
  state: Reservation,
): readonly ReservationEvent[] {
  switch (state.status) {
    case "none":
      return whileThereIsNone(command);
    case "pending":
      return whilePending(command, state);
    case "confirmed":
      return whileConfirmed(command, state);
    case "cancelled":
      return onceCancelled(command, state);
  }
}

export function evolve(state: Reservation, event: ReservationEvent): Reservation {
  switch (event.type) {
    case "ReservationCreated": {
      const { createdAt, ...details } = event.data;
      return { ...details, status: "pending" };
    }
    case "ReservationConfirmed":
      return state.status === "none" ? state : confirmedFrom(state, event.data);
    case "StayChanged":
      return state.status === "none"
        ? state
        : { ...state, stay: event.data.to, total: event.data.total };
    case "ReservationCancelled":
      return state.status === "none" ? state : cancelledFrom(state, event.data);
  }
}

type There = Exclude<Reservation, NoReservation>;
type DataOf<Type extends ReservationEvent["type"]> = Extract<
  ReservationEvent,
  { readonly type: Type }
>["data"];

function confirmedFrom(state: There, { confirmedAt }: DataOf<"ReservationConfirmed">): Reservation {
  return { ...state, status: "confirmed", confirmedAt };
}

function cancelledFrom(
  state: There,
  { reason, cancelledAt }: DataOf<"ReservationCancelled">,
): Reservation {
  return { ...state, status: "cancelled", reason, cancelledAt };
}

function whileThereIsNone({ type, data }: ReservationCommand): readonly ReservationEvent[] {
  if (type !== "CreateReservation") {
    throw new DomainError("reservation-not-found", `There is no ${data.reservationId}.`);
  }
  const { now, ...details } = data;
  requireValidStay(details.stay, now);
  requireValidGuests(details.roomType, details.guests);
  requireValidPrice(details.pricePerNight);
  const total = priceOf(details.stay, details.pricePerNight);
  return [{ type: "ReservationCreated", data: { ...details, total, createdAt: now } }];
}

function whilePending(
  command: ReservationCommand,
  state: PendingReservation,
): readonly ReservationEvent[] {
  const { reservationId } = state;
  switch (command.type) {
    case "CreateReservation":
      throw alreadyExists(state);
    case "ConfirmReservation":
      return [
        {
          type: "ReservationConfirmed",
          data: { reservationId, confirmedAt: command.data.now },
        },
      ];
    case "ChangeStay":
      return stayChanged(command.data, state);
    case "CancelReservation":
      return cancelled(state, command.data);
  }
}

function whileConfirmed(
  command: ReservationCommand,
  state: ConfirmedReservation,
): readonly ReservationEvent[] {
  switch (command.type) {
    case "CreateReservation":
      throw alreadyExists(state);
    case "ConfirmReservation":
      return [];
    case "ChangeStay":
      return stayChanged(command.data, state);
    case "CancelReservation":
      return cancelled(state, command.data);
  }
}

function onceCancelled(
  command: ReservationCommand,
  state: CancelledReservation,
): readonly ReservationEvent[] {
  switch (command.type) {
    case "CreateReservation":
      throw alreadyExists(state);
    case "CancelReservation":
      return [];
    case "ConfirmReservation":
    case "ChangeStay":
      throw new DomainError("reservation-cancelled", `${state.reservationId} is cancelled.`);
  }
}

function stayChanged(
  { stay: to, now: changedAt }: ChangeStay["data"],
  { reservationId, stay: from, pricePerNight }: PendingReservation | ConfirmedReservation,
): readonly ReservationEvent[] {
  if (from.arrival === to.arrival && from.departure === to.departure) return [];
  requireValidStay(to, changedAt);
  const total = priceOf(to, pricePerNight);
  return [{ type: "StayChanged", data: { reservationId, from, to, total, changedAt } }];
}

function cancelled(
  { reservationId }: There,
  { reason, now: cancelledAt }: { readonly reason: string; readonly now: string },
): readonly ReservationEvent[] {
  return [{ type: "ReservationCancelled", data: { reservationId, reason, cancelledAt } }];
}

function alreadyExists({ reservationId }: There): DomainError {
  return new DomainError("reservation-exists", `${reservationId} exists already.`);
}

function priceOf(stay: Stay, { amount, currency }: Money): Money {
  return { amount: countNights(stay) * amount, currency };
}
