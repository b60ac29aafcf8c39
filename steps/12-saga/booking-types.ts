/**
 * The words of the booking, a process manager: what comes in, what it asks for, where it stands.
 *
 * An input is to the booking what a command is to an aggregate. Most inputs are events of other streams.
 */

import type {
  CancelReservation,
  ConfirmReservation,
  Money,
  ReservationCancelled,
  ReservationConfirmed,
  RoomType,
  Stay,
  StayChanged,
} from "../01-aggregate/reservation-types.ts";
import type {
  ChargeCredit,
  CreditCharged,
  CreditRefused,
  CreditReturned,
  ReturnCredit,
} from "./guest-types.ts";
import type { HoldRoom, ReleaseRoom, RoomHeld, RoomRefused, RoomReleased } from "./hotel-types.ts";

export interface Booking {
  /** Of a reservation that is there already, pending; the booking has the same id. */
  readonly reservationId: string;
  readonly hotelId: string;
  readonly guestId: string;
  readonly roomType: RoomType;
  readonly stay: Stay;
  readonly total: Money;
  /** When it gives up, if it is not done by then: ISO 8601 in UTC. */
  readonly expiresAt: string;
}

/** The commands that a booking sends. */
export type BookingCommand =
  | ChargeCredit
  | HoldRoom
  | ConfirmReservation
  | ReleaseRoom
  | ReturnCredit
  | CancelReservation;

// Inputs.

/** The one input that a person sends. */
export interface RequestBooking {
  readonly type: "RequestBooking";
  readonly data: Booking;
}

/** A message to itself, from the past. */
export interface BookingTimedOut {
  readonly type: "BookingTimedOut";
  readonly data: { readonly reservationId: string };
}

// A command that leaves no event would leave no answer: then the dispatcher gives it.

/** The reservation was already as the command wanted it: somebody else has done it. */
export interface NothingToDo {
  readonly type: "NothingToDo";
  readonly data: { readonly reservationId: string; readonly command: BookingCommand["type"] };
}

/** A DomainError. */
export interface CommandRefused {
  readonly type: "CommandRefused";
  readonly data: {
    readonly reservationId: string;
    readonly command: BookingCommand["type"];
    readonly code: string;
  };
}

/** Tried too often; what it was told at the last attempt. */
export interface CommandFailed {
  readonly type: "CommandFailed";
  readonly data: {
    readonly reservationId: string;
    readonly command: BookingCommand["type"];
    readonly error: string;
  };
}

export type BookingInput =
  | RequestBooking
  | CreditCharged
  | CreditRefused
  | CreditReturned
  | RoomHeld
  | RoomRefused
  | RoomReleased
  | ReservationConfirmed
  | StayChanged
  | ReservationCancelled
  | BookingTimedOut
  | NothingToDo
  | CommandRefused
  | CommandFailed;

// Events. Each but the ends asks for one command, and carries what that command needs.

type Fact<Type extends string, Data> = { readonly type: Type; readonly data: Data };
type Of<Key extends keyof Booking> = Readonly<Pick<Booking, Key>>;
type Because = { readonly reason: string };

/** Asks for ChargeCredit, and for a message at `expiresAt`. */
export type BookingRequested = Fact<"BookingRequested", Booking>;
/** Asks for HoldRoom. */
export type HoldRequested = Fact<
  "HoldRequested",
  Of<"reservationId" | "hotelId" | "roomType" | "stay">
>;
/** Asks for ConfirmReservation. */
export type ConfirmationRequested = Fact<"ConfirmationRequested", Of<"reservationId">>;
export type BookingCompleted = Fact<"BookingCompleted", Of<"reservationId">>;
/** Asks for ReleaseRoom. */
export type ReleaseRequested = Fact<"ReleaseRequested", Of<"reservationId" | "hotelId"> & Because>;
/** Asks for ReturnCredit. */
export type ReturnRequested = Fact<"ReturnRequested", Of<"reservationId" | "guestId"> & Because>;
/** Asks for CancelReservation. */
export type CancellationRequested = Fact<"CancellationRequested", Of<"reservationId"> & Because>;
export type BookingCancelled = Fact<"BookingCancelled", Of<"reservationId"> & Because>;
/** Nobody here knows how to go on: a person has to look. */
export type BookingParked = Fact<"BookingParked", Of<"reservationId"> & Because>;

export type BookingEvent =
  | BookingRequested
  | HoldRequested
  | ConfirmationRequested
  | BookingCompleted
  | ReleaseRequested
  | ReturnRequested
  | CancellationRequested
  | BookingCancelled
  | BookingParked;

// The state.

/** The states in which a booking waits for the answer to its last command: three there, three back. */
export type Waiting =
  | "charging"
  | "holding"
  | "confirming"
  | "releasing"
  | "returning"
  | "cancelling";

interface Started {
  readonly booking: Booking;
  /** Why it turned back, or was parked; empty on the way there. */
  readonly reason: string;
}

/** One that can still turn back. */
export interface ActiveBooking extends Started {
  readonly status: Waiting | "booked";
}

export interface CancelledBooking extends Started {
  readonly status: "cancelled";
}

export interface ParkedBooking extends Started {
  readonly status: "parked";
  /** Where it stood. */
  readonly at: ActiveBooking["status"];
}

export type BookingState =
  | { readonly status: "none" }
  | ActiveBooking
  | CancelledBooking
  | ParkedBooking;
