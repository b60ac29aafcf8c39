/** A booking for tests: readable fixed data, its inputs and events, and all of them in words. */

import { expect } from "vitest";
import type { Money, Stay } from "../../solutions/01-aggregate/reservation-types.ts";
import type {
  Booking,
  BookingCommand,
  BookingEvent,
  BookingInput,
} from "../../solutions/12-saga/booking-types.ts";
import type { HoldRoom, HotelEvent, HotelOpened } from "../../solutions/12-saga/hotel-types.ts";
import type { DomainEvent, EventEnvelope } from "../kernel/event.ts";
import type { EventStore } from "../kernel/event-store.ts";
import { deepFreeze } from "./deep-freeze.ts";
import { stayInWords } from "./in-words.ts";
import { euros, twoNights } from "./reservations.ts";
import { story } from "./story.ts";

export const hotelId = "astoria";
export const guestId = "ada";
export const reservationId = "reservation-1";
export const at = "2030-01-10T09:00:00.000Z";
export const expiresAt = "2030-01-10T09:15:00.000Z";
export const correlationId = "request-7";

/** A double in the Astoria for Ada, 2030-05-01 → 05-03, 240.00 EUR. */
export const booking: Booking = deepFreeze({
  reservationId,
  hotelId,
  guestId,
  roomType: "double",
  stay: twoNights,
  total: euros(240),
  expiresAt,
});

/** What the others answer, good and bad. */
const answers = {
  charged: {
    type: "CreditCharged",
    data: { guestId, reservationId, amount: euros(240), chargedAt: at },
  },
  noCredit: {
    type: "CreditRefused",
    data: { guestId, reservationId, reason: "no-credit", refusedAt: at },
  },
  returned: {
    type: "CreditReturned",
    data: { guestId, reservationId, amount: euros(240), returnedAt: at },
  },
  held: {
    type: "RoomHeld",
    data: { hotelId, reservationId, roomType: "double", stay: twoNights, heldAt: at },
  },
  noRoom: {
    type: "RoomRefused",
    data: { hotelId, reservationId, reason: "no-room", refusedAt: at },
  },
  released: { type: "RoomReleased", data: { hotelId, reservationId, releasedAt: at } },
  confirmed: { type: "ReservationConfirmed", data: { reservationId, confirmedAt: at } },
  cancelled: {
    type: "ReservationCancelled",
    data: { reservationId, reason: "plans changed", cancelledAt: at },
  },
  stayChanged: {
    type: "StayChanged",
    data: {
      reservationId,
      from: twoNights,
      to: { arrival: "2030-05-02", departure: "2030-05-04" },
      total: euros(240),
      changedAt: at,
    },
  },
  timedOut: { type: "BookingTimedOut", data: { reservationId } },
} as const satisfies Readonly<Record<string, BookingInput>>;

export const answered = deepFreeze(answers);

export function nothingToDo(command: BookingCommand["type"]): BookingInput {
  return { type: "NothingToDo", data: { reservationId, command } };
}

export function refused(command: BookingCommand["type"], code: string): BookingInput {
  return { type: "CommandRefused", data: { reservationId, command, code } };
}

export function failed(command: BookingCommand["type"], error: string): BookingInput {
  return { type: "CommandFailed", data: { reservationId, command, error } };
}

/** What the booking has asked for, in the order of a good day, and of the way back. */
export const asked = {
  charge: { type: "BookingRequested", data: booking },
  hold: {
    type: "HoldRequested",
    data: { reservationId, hotelId, roomType: "double", stay: twoNights },
  },
  confirmation: { type: "ConfirmationRequested", data: { reservationId } },
  nothingMore: { type: "BookingCompleted", data: { reservationId } },
  release: (reason: string) => ({
    type: "ReleaseRequested",
    data: { reservationId, hotelId, reason },
  }),
  return: (reason: string) => ({
    type: "ReturnRequested",
    data: { reservationId, guestId, reason },
  }),
  cancellation: (reason: string) => ({
    type: "CancellationRequested",
    data: { reservationId, reason },
  }),
  end: (reason: string) => ({ type: "BookingCancelled", data: { reservationId, reason } }),
  person: (reason: string) => ({ type: "BookingParked", data: { reservationId, reason } }),
} as const satisfies Readonly<Record<string, BookingEvent | ((reason: string) => BookingEvent)>>;

/** A hotel with so many doubles, two singles and one suite. */
export function opened(double: number, id = hotelId): HotelOpened {
  return {
    type: "HotelOpened",
    data: { hotelId: id, rooms: { single: 2, double, suite: 1 }, openedAt: at },
  };
}

export function holdFor(reservation: string, overrides: Partial<HoldRoom["data"]> = {}): HoldRoom {
  return {
    type: "HoldRoom",
    data: {
      hotelId,
      reservationId: reservation,
      roomType: "double",
      stay: twoNights,
      now: at,
      ...overrides,
    },
  };
}

export function heldBy(reservation: string, overrides: Partial<HoldRoom["data"]> = {}): HotelEvent {
  const { now, ...data } = holdFor(reservation, overrides).data;
  return { type: "RoomHeld", data: { ...data, heldAt: now } };
}

interface Tried<Command, Event> {
  readonly decide: (command: Command, state: never) => readonly Event[];
  /** The reference's, so that the set-up is right whatever is being written. */
  readonly stateOf: (history: readonly Event[]) => unknown;
}

/** `given(...history).when(command).thenDecides(...events)`; all of it frozen, and told. */
export function givenOf<Command extends DomainEvent, Event extends DomainEvent>({
  decide,
  stateOf,
}: Tried<Command, Event>) {
  return (...history: readonly Event[]) => ({
    when: (command: Command) => ({
      thenDecides: (...events: readonly Event[]): void => {
        story({
          given: history.length === 0 ? "nothing yet" : history.map(inWords),
          when: inWords(command),
          wanted: events.length === 0 ? "nothing: []" : events.map(inWords),
        });
        const state = deepFreeze(stateOf(deepFreeze([...history])));
        const decided = decide(deepFreeze(command), state as never);
        // In words first: they are shorter to compare.
        expect(decided.map(inWords), "what is decided").toEqual(events.map(inWords));
        expect(decided, "what is decided").toEqual(events);
      },
    }),
  });
}

/** `RoomHeld double, 2030-05-01 → 05-03`: a command, an input or an event, in one line. */
export function inWords({ type, data }: DomainEvent): string {
  const told: string[] = [];
  const all = Object(data);
  if (all.hotelId !== undefined && /^(Open|HotelOpened)/.test(type)) told.push(all.hotelId);
  if (all.rooms !== undefined)
    told.push(all.rooms.double === 1 ? "1 double" : `${all.rooms.double} doubles`);
  if (all.roomType !== undefined) told.push(all.roomType);
  if (all.stay !== undefined) told.push(stayInWords(all.stay as Stay));
  if (all.to !== undefined) told.push(stayInWords(all.to as Stay));
  if (all.command !== undefined) told.push(all.command);
  for (const money of [all.total, all.amount, all.credit]) {
    if (money !== undefined) told.push(moneyInWords(money as Money));
  }
  for (const why of [all.reason, all.code, all.error]) {
    if (why !== undefined && why !== "") told.push(`because "${why}"`);
  }
  const whose = all.reservationId === undefined ? "" : ` for ${all.reservationId}`;
  return `${type}${whose}${told.length === 0 ? "" : `, ${told.join(", ")}`}`;
}

export function moneyInWords({ amount, currency }: Money): string {
  return `${(amount / 100).toFixed(2)} ${currency}`;
}

/** All that a store holds, in order. */
export async function storedIn(store: EventStore): Promise<readonly EventEnvelope[]> {
  const events: EventEnvelope[] = [];
  for await (const event of store.readAll()) events.push(event);
  return events;
}

const charging = [asked.charge];
const holding = [...charging, asked.hold];
const confirming = [...holding, asked.confirmation];
const booked = [...confirming, asked.nothingMore];
const releasing = [...confirming, asked.release("timed-out")];
const returning = [...releasing, asked.return("timed-out")];
const cancelling = [...returning, asked.cancellation("timed-out")];

/** What a booking's stream holds in each of its states. */
export const streamOf = {
  charging,
  holding,
  confirming,
  booked,
  releasing,
  returning,
  cancelling,
};
