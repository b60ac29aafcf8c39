/**
 * The words of the domain. A command asks for something, an event says that it has happened, and
 * the state is what all events so far add up to.
 */

/** The guest sleeps here from the night of `arrival` to the morning of `departure`. */
export interface Stay {
  /** A calendar date, `2030-05-01`. */
  readonly arrival: string;
  readonly departure: string;
}

export interface Money {
  /** In minor units: 12000 EUR is 120.00 euros. */
  readonly amount: number;
  /** ISO 4217, `EUR`. */
  readonly currency: string;
}

export type RoomType = "single" | "double" | "suite";

// Commands: imperative, and possibly refused. The time travels inside, as `now`.

export interface CreateReservation {
  readonly type: "CreateReservation";
  readonly data: {
    /** Also the id of the reservation's stream of events. */
    readonly reservationId: string;
    readonly hotelId: string;
    readonly guestId: string;
    readonly roomType: RoomType;
    readonly guests: number;
    readonly stay: Stay;
    readonly pricePerNight: Money;
    /** ISO 8601 in UTC, `2030-01-10T09:00:00.000Z`. */
    readonly now: string;
  };
}

export interface ConfirmReservation {
  readonly type: "ConfirmReservation";
  readonly data: { readonly reservationId: string; readonly now: string };
}

export interface ChangeStay {
  readonly type: "ChangeStay";
  readonly data: { readonly reservationId: string; readonly stay: Stay; readonly now: string };
}

export interface CancelReservation {
  readonly type: "CancelReservation";
  readonly data: { readonly reservationId: string; readonly reason: string; readonly now: string };
}

export type ReservationCommand =
  | CreateReservation
  | ConfirmReservation
  | ChangeStay
  | CancelReservation;

// Events: past tense, facts. Nobody can refuse what has happened.

export interface ReservationCreated {
  readonly type: "ReservationCreated";
  readonly data: {
    readonly reservationId: string;
    readonly hotelId: string;
    readonly guestId: string;
    readonly roomType: RoomType;
    readonly guests: number;
    readonly stay: Stay;
    readonly pricePerNight: Money;
    readonly total: Money;
    readonly createdAt: string;
  };
}

export interface ReservationConfirmed {
  readonly type: "ReservationConfirmed";
  readonly data: { readonly reservationId: string; readonly confirmedAt: string };
}

export interface StayChanged {
  readonly type: "StayChanged";
  readonly data: {
    readonly reservationId: string;
    readonly from: Stay;
    readonly to: Stay;
    readonly total: Money;
    readonly changedAt: string;
  };
}

export interface ReservationCancelled {
  readonly type: "ReservationCancelled";
  readonly data: {
    readonly reservationId: string;
    readonly reason: string;
    readonly cancelledAt: string;
  };
}

export type ReservationEvent =
  | ReservationCreated
  | ReservationConfirmed
  | StayChanged
  | ReservationCancelled;

// The state: a union, so that a cancelled reservation without a reason cannot be written down.

interface ReservationDetails {
  readonly reservationId: string;
  readonly hotelId: string;
  readonly guestId: string;
  readonly roomType: RoomType;
  readonly guests: number;
  readonly stay: Stay;
  readonly pricePerNight: Money;
  readonly total: Money;
}

export interface NoReservation {
  readonly status: "none";
}

export interface PendingReservation extends ReservationDetails {
  readonly status: "pending";
}

export interface ConfirmedReservation extends ReservationDetails {
  readonly status: "confirmed";
  readonly confirmedAt: string;
}

export interface CancelledReservation extends ReservationDetails {
  readonly status: "cancelled";
  readonly reason: string;
  readonly cancelledAt: string;
}

export type Reservation =
  | NoReservation
  | PendingReservation
  | ConfirmedReservation
  | CancelledReservation;
