/** The aggregate as a class: it holds its state and notes down what it decides, as many books show it. */

import { DomainError } from "../../../../shared/kernel/errors.ts";
import {
  requireValidGuests,
  requireValidPrice,
  requireValidStay,
} from "../../../../solutions/01-aggregate/house-rules.ts";
import type {
  CancelReservation,
  ChangeStay,
  ConfirmReservation,
  CreateReservation,
  Money,
  Reservation,
  ReservationCommand,
  ReservationEvent,
  Stay,
} from "../../../../solutions/01-aggregate/reservation-types.ts";
import { countNights } from "../../../../solutions/01-aggregate/stay.ts";

export const initialState: Reservation = { status: "none" };

export function decide(
  command: ReservationCommand,
  state: Reservation,
): readonly ReservationEvent[] {
  const aggregate = new ReservationAggregate(state);
  aggregate.handle(command);
  return aggregate.decided;
}

export function evolve(state: Reservation, event: ReservationEvent): Reservation {
  const aggregate = new ReservationAggregate(state);
  aggregate.apply(event);
  return aggregate.state;
}

/** One reservation, for as long as a command is handled. */
class ReservationAggregate {
  readonly decided: ReservationEvent[] = [];
  state: Reservation;

  constructor(state: Reservation) {
    this.state = state;
  }

  handle(command: ReservationCommand): void {
    switch (command.type) {
      case "CreateReservation":
        this.create(command.data);
        break;
      case "ConfirmReservation":
        this.confirm(command.data);
        break;
      case "ChangeStay":
        this.changeStay(command.data);
        break;
      case "CancelReservation":
        this.cancel(command.data);
        break;
    }
  }

  /** The state is replaced, never changed: whoever holds the one before keeps it as it was. */
  apply(event: ReservationEvent): void {
    const { state } = this;
    if (event.type === "ReservationCreated") {
      const { createdAt, ...details } = event.data;
      this.state = { ...details, status: "pending" };
    } else if (state.status !== "none") {
      this.state = changed(state, event);
    }
  }

  private create({ now, ...details }: CreateReservation["data"]): void {
    const { state } = this;
    if (state.status !== "none") {
      throw new DomainError("reservation-exists", `${state.reservationId} exists already.`);
    }
    requireValidStay(details.stay, now);
    requireValidGuests(details.roomType, details.guests);
    requireValidPrice(details.pricePerNight);
    const total = priceOf(details.stay, details.pricePerNight);
    this.decide({ type: "ReservationCreated", data: { ...details, total, createdAt: now } });
  }

  private confirm({ reservationId, now: confirmedAt }: ConfirmReservation["data"]): void {
    if (this.open(reservationId).status === "confirmed") return;
    this.decide({ type: "ReservationConfirmed", data: { reservationId, confirmedAt } });
  }

  private changeStay({ reservationId, stay: to, now }: ChangeStay["data"]): void {
    const { stay: from, pricePerNight } = this.open(reservationId);
    if (from.arrival === to.arrival && from.departure === to.departure) return;
    requireValidStay(to, now);
    const total = priceOf(to, pricePerNight);
    this.decide({ type: "StayChanged", data: { reservationId, from, to, total, changedAt: now } });
  }

  private cancel({ reservationId, reason, now }: CancelReservation["data"]): void {
    if (this.existing(reservationId).status === "cancelled") return;
    const data = { reservationId, reason, cancelledAt: now };
    this.decide({ type: "ReservationCancelled", data });
  }

  private existing(id: string): Exclude<Reservation, { readonly status: "none" }> {
    if (this.state.status !== "none") return this.state;
    throw new DomainError("reservation-not-found", `There is no ${id}.`);
  }

  private open(id: string): Extract<Reservation, { readonly status: "pending" | "confirmed" }> {
    const state = this.existing(id);
    if (state.status !== "cancelled") return state;
    throw new DomainError("reservation-cancelled", `${id} is cancelled.`);
  }

  private decide(event: ReservationEvent): void {
    this.apply(event);
    this.decided.push(event);
  }
}

function changed(
  state: Exclude<Reservation, { readonly status: "none" }>,
  event: Exclude<ReservationEvent, { readonly type: "ReservationCreated" }>,
): Reservation {
  switch (event.type) {
    case "ReservationConfirmed":
      return { ...state, status: "confirmed", confirmedAt: event.data.confirmedAt };
    case "StayChanged":
      return { ...state, stay: event.data.to, total: event.data.total };
    case "ReservationCancelled": {
      const { reason, cancelledAt } = event.data;
      return { ...state, status: "cancelled", reason, cancelledAt };
    }
  }
}

function priceOf(stay: Stay, { amount, currency }: Money): Money {
  return { amount: countNights(stay) * amount, currency };
}
