/** The step's three deciders, each with the names of its streams and its events. Given. */

import type { EventEnvelope } from "../../shared/kernel/event.ts";
import * as booking from "./booking-saga.ts";
import type { BookingEvent, BookingInput, BookingState } from "./booking-types.ts";
import * as guest from "./guest.ts";
import type { Guest, GuestCommand, GuestEvent } from "./guest-types.ts";
import type { Decider } from "./handle.ts";
import * as hotel from "./hotel.ts";
import type { Hotel, HotelCommand, HotelEvent } from "./hotel-types.ts";

export const hotelStream = (hotelId: string): string => `hotel-${hotelId}`;
export const guestStream = (guestId: string): string => `guest-${guestId}`;
export const bookingStream = (reservationId: string): string => `booking-${reservationId}`;

export const hotels: Decider<Hotel, HotelCommand, HotelEvent> = {
  initialState: hotel.initialState,
  decide: hotel.decide,
  evolve: hotel.evolve,
  streamOf: ({ data }) => hotelStream(data.hotelId),
  eventTypes: { HotelOpened: true, RoomHeld: true, RoomRefused: true, RoomReleased: true },
};

export const guests: Decider<Guest, GuestCommand, GuestEvent> = {
  initialState: guest.initialState,
  decide: guest.decide,
  evolve: guest.evolve,
  streamOf: ({ data }) => guestStream(data.guestId),
  eventTypes: {
    GuestRegistered: true,
    CreditCharged: true,
    CreditRefused: true,
    CreditReturned: true,
  },
};

/** A process manager is a decider: its commands are the events of others. */
export const bookings: Decider<BookingState, BookingInput, BookingEvent> = {
  initialState: booking.initialState,
  decide: booking.react,
  evolve: booking.evolve,
  streamOf: ({ data }) => bookingStream(data.reservationId),
  eventTypes: {
    BookingRequested: true,
    HoldRequested: true,
    ConfirmationRequested: true,
    BookingCompleted: true,
    ReleaseRequested: true,
    ReturnRequested: true,
    CancellationRequested: true,
    BookingCancelled: true,
    BookingParked: true,
  },
};

/** Whether the event stands in a stream of this step: not in one of a reservation. */
export function belongsToBookings({ type }: EventEnvelope): boolean {
  return [hotels, guests, bookings].some(({ eventTypes }) => Object.hasOwn(eventTypes, type));
}
