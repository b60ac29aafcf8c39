/**
 * Reservations for tests: readable fixed ones, and generators of random ones.
 *
 * All of it is made by the reference, so that a test's set-up works before the learner has written a line.
 */

import fc from "fast-check";
import { decide, evolve, initialState } from "../../solutions/01-aggregate/reservation.ts";
import type {
  CancelledReservation,
  CancelReservation,
  ChangeStay,
  ConfirmedReservation,
  ConfirmReservation,
  CreateReservation,
  Money,
  NoReservation,
  PendingReservation,
  Reservation,
  ReservationCancelled,
  ReservationCommand,
  ReservationConfirmed,
  ReservationCreated,
  ReservationEvent,
  RoomType,
  Stay,
  StayChanged,
} from "../../solutions/01-aggregate/reservation-types.ts";
import { DomainError } from "../kernel/errors.ts";
import { deepFreeze } from "./deep-freeze.ts";

export const reservationId = "reservation-1";
const createdAt = "2030-01-10T09:00:00.000Z";
export const confirmedAt = "2030-01-11T10:00:00.000Z";
export const changedAt = "2030-01-12T11:00:00.000Z";
export const cancelledAt = "2030-01-13T12:00:00.000Z";

export const twoNights: Stay = deepFreeze({ arrival: "2030-05-01", departure: "2030-05-03" });
export const threeNights: Stay = deepFreeze({ arrival: "2030-05-02", departure: "2030-05-05" });

/** An amount of euros, in cents. */
export function euros(amount: number): Money {
  return { amount: Math.round(amount * 100), currency: "EUR" };
}

// One reservation's life: commands, the events that they lead to, the states after each.

export const create: CreateReservation = deepFreeze({
  type: "CreateReservation",
  data: {
    reservationId,
    hotelId: "hotel-1",
    guestId: "guest-1",
    roomType: "double",
    guests: 2,
    stay: twoNights,
    pricePerNight: euros(120),
    now: createdAt,
  },
});

export const confirm: ConfirmReservation = deepFreeze({
  type: "ConfirmReservation",
  data: { reservationId, now: confirmedAt },
});

export const changeStay: ChangeStay = deepFreeze({
  type: "ChangeStay",
  data: { reservationId, stay: threeNights, now: changedAt },
});

export const cancel: CancelReservation = deepFreeze({
  type: "CancelReservation",
  data: { reservationId, reason: "plans changed", now: cancelledAt },
});

export const created: ReservationCreated = deepFreeze({
  type: "ReservationCreated",
  data: {
    reservationId,
    hotelId: "hotel-1",
    guestId: "guest-1",
    roomType: "double",
    guests: 2,
    stay: twoNights,
    pricePerNight: euros(120),
    total: euros(240),
    createdAt,
  },
});

export const confirmed: ReservationConfirmed = deepFreeze({
  type: "ReservationConfirmed",
  data: { reservationId, confirmedAt },
});

export const stayChanged: StayChanged = deepFreeze({
  type: "StayChanged",
  data: { reservationId, from: twoNights, to: threeNights, total: euros(360), changedAt },
});

export const cancelled: ReservationCancelled = deepFreeze({
  type: "ReservationCancelled",
  data: { reservationId, reason: "plans changed", cancelledAt },
});

/** The same event, of another reservation. */
export function ofReservation<Event extends ReservationEvent>(id: string, event: Event): Event {
  return { ...event, data: { ...event.data, reservationId: id } };
}

export const noReservation: NoReservation = deepFreeze({ status: "none" });

export const pendingReservation: PendingReservation = deepFreeze({
  status: "pending",
  reservationId,
  hotelId: "hotel-1",
  guestId: "guest-1",
  roomType: "double",
  guests: 2,
  stay: twoNights,
  pricePerNight: euros(120),
  total: euros(240),
});

export const confirmedReservation: ConfirmedReservation = deepFreeze({
  ...pendingReservation,
  status: "confirmed",
  confirmedAt,
});

export const cancelledReservation: CancelledReservation = deepFreeze({
  ...pendingReservation,
  status: "cancelled",
  reason: "plans changed",
  cancelledAt,
});

// Random ones.

/** Around the nights on which clocks change in Europe, America and Chile, where local time miscounts. */
const arrivals = ["2030-03-28", "2030-03-09", "2030-10-25", "2030-11-01", "2030-09-06"];

/** Dates in 2030, often close to a change of the clocks. */
export function calendarDates(): fc.Arbitrary<string> {
  const anyDay = fc.integer({ min: 0, max: 364 }).map((day) => addDays("2030-01-01", day));
  const nearClockChange = fc
    .tuple(fc.constantFrom(...arrivals), fc.integer({ min: 0, max: 4 }))
    .map(([arrival, days]) => addDays(arrival, days));
  return fc.oneof(nearClockChange, anyDay);
}

/** Valid stays of 1 to 30 nights in 2030. */
function stays(): fc.Arbitrary<Stay> {
  return fc
    .tuple(
      calendarDates(),
      fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 5, max: 30 })),
    )
    .map(([arrival, nights]) => ({ arrival, departure: addDays(arrival, nights) }));
}

/** The calendar date so many days later, without a look at any time zone. */
export function addDays(date: string, days: number): string {
  const later = Date.parse(`${date}T00:00:00.000Z`) + days * 86_400_000;
  return new Date(later).toISOString().slice(0, 10);
}

export interface CommandsOptions {
  readonly reservationId?: string;
  readonly maxLength?: number;
}

/**
 * A creation, then any commands for the same reservation: most are possible, some repeat what is
 * done already, some will be refused.
 */
export function reservationCommands(
  options: CommandsOptions = {},
): fc.Arbitrary<readonly ReservationCommand[]> {
  const { reservationId: id = reservationId, maxLength = 8 } = options;
  const now = instants();
  const next = fc.oneof(
    { weight: 3, arbitrary: now.map((at) => confirmation(id, at)) },
    { weight: 4, arbitrary: fc.tuple(stays(), now).map(([stay, at]) => change(id, stay, at)) },
    {
      weight: 1,
      arbitrary: fc.tuple(reasons(), now).map(([why, at]) => cancellation(id, why, at)),
    },
    { weight: 1, arbitrary: creations(id) },
  );
  return fc
    .tuple(creations(id), fc.array(next, { maxLength: Math.max(0, maxLength - 1) }))
    .map(([first, others]) => [first, ...others]);
}

/** What the reference decides for random commands: histories that could have happened, never empty. */
export function validHistories(
  options: CommandsOptions = {},
): fc.Arbitrary<readonly ReservationEvent[]> {
  return reservationCommands(options).map(historyOf);
}

/** The events that these commands lead to; refused commands lead to none. */
function historyOf(commands: readonly ReservationCommand[]): readonly ReservationEvent[] {
  const history: ReservationEvent[] = [];
  let state: Reservation = initialState;
  for (const command of commands) {
    for (const event of decidedOrNone(command, state)) {
      history.push(event);
      state = evolve(state, event);
    }
  }
  return history;
}

/** The state after these events, by the reference. */
export function stateAfter(history: Iterable<ReservationEvent>): Reservation {
  let state: Reservation = initialState;
  for (const event of history) state = evolve(state, event);
  return state;
}

function decidedOrNone(
  command: ReservationCommand,
  state: Reservation,
): readonly ReservationEvent[] {
  try {
    return decide(command, state);
  } catch (error) {
    if (error instanceof DomainError) return [];
    throw error;
  }
}

const guestsIn: Readonly<Record<RoomType, number>> = { single: 1, double: 2, suite: 4 };

function creations(id: string): fc.Arbitrary<CreateReservation> {
  const rooms = fc
    .constantFrom<RoomType>("single", "double", "suite")
    .chain((roomType) =>
      fc.integer({ min: 1, max: guestsIn[roomType] }).map((guests) => ({ roomType, guests })),
    );
  return fc
    .record(
      {
        hotelId: fc.constantFrom("hotel-1", "hotel-2"),
        guestId: fc.constantFrom("guest-1", "guest-2"),
        room: rooms,
        stay: stays(),
        amount: fc.integer({ min: 1, max: 50_000 }),
        currency: fc.constantFrom("EUR", "USD", "JPY"),
        // Before every generated stay, so that the first creation always succeeds.
        now: fc.integer({ min: 0, max: 86_399 }).map((second) => instant("2029-12-31", second)),
      },
      { noNullPrototype: true },
    )
    .map(({ room, amount, currency, ...rest }) => ({
      type: "CreateReservation",
      data: { reservationId: id, ...rest, ...room, pricePerNight: { amount, currency } },
    }));
}

function confirmation(id: string, now: string): ConfirmReservation {
  return { type: "ConfirmReservation", data: { reservationId: id, now } };
}

function change(id: string, stay: Stay, now: string): ChangeStay {
  return { type: "ChangeStay", data: { reservationId: id, stay, now } };
}

function cancellation(id: string, reason: string, now: string): CancelReservation {
  return { type: "CancelReservation", data: { reservationId: id, reason, now } };
}

function reasons(): fc.Arbitrary<string> {
  return fc.constantFrom("plans changed", "found a cheaper room", "Krankheit im Haus 🤒", "");
}

/** Mostly early in 2030, in no order: clocks of several servers differ, and step back. */
function instants(): fc.Arbitrary<string> {
  return fc
    .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 86_399 }))
    .map(([day, second]) => instant(addDays("2030-01-01", day), second));
}

function instant(date: string, second: number): string {
  return new Date(Date.parse(`${date}T00:00:00.000Z`) + second * 1000).toISOString();
}
