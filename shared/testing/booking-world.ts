/**
 * A hotel chain in memory, and a bus with no manners: events and commands come in any order, twice, and
 * to a process that dies between an effect and its checkpoint. A list of turns decides all of it.
 */

import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { expect } from "vitest";
import type {
  ReservationCommand,
  RoomType,
  Stay,
} from "../../solutions/01-aggregate/reservation-types.ts";
import { handleCommand } from "../../solutions/05-command-handlers/command-handler.ts";
import { eventId } from "../../solutions/05-command-handlers/event-id.ts";
import type { BookingEvent, BookingInput } from "../../solutions/12-saga/booking-types.ts";
import { bookings, guests, hotels } from "../../solutions/12-saga/deciders.ts";
import { type Envelope, handle } from "../../solutions/12-saga/handle.ts";
import { DomainError } from "../kernel/errors.ts";
import type { EventEnvelope } from "../kernel/event.ts";
import type { EventStore } from "../kernel/event-store.ts";
import { nightsOf } from "./booking-judge.ts";
import { at, expiresAt } from "./bookings.ts";
import { inMemoryEventStore } from "./in-memory-event-store.ts";
import { stayInWords } from "./in-words.ts";
import { addDays, euros } from "./reservations.ts";

/** What the step under test does with what comes. */
export interface Parts {
  readonly handleEvent: (store: EventStore, event: EventEnvelope) => Promise<unknown>;
  readonly handleInput: (store: EventStore, input: Envelope<BookingInput>) => Promise<unknown>;
  readonly dispatch: (store: EventStore, event: EventEnvelope<BookingEvent>) => Promise<unknown>;
}

export interface Wish {
  readonly guestId: "ada" | "ben";
  readonly roomType: RoomType;
  readonly stay: Stay;
}

export interface Chain {
  /** In the one hotel there is; it has one single and no suite. */
  readonly doubles: number;
  /** In euros, for each of the two guests. */
  readonly credit: number;
  /** They become reservation-1, -2 ..., at 100.00 EUR a night. */
  readonly wishes: readonly Wish[];
}

export type Does =
  | "is handled"
  | "is handled, and dies before the checkpoint"
  | "comes again"
  | "times out"
  | "is cancelled at the desk"
  | "is confirmed at the desk"
  | "is moved at the desk";

/** What happens next, and to which of those that it can happen to. */
export interface Turn {
  readonly does: Does;
  readonly pick: number;
}

export const chains: fc.Arbitrary<Chain> = fc.record(
  {
    doubles: fc.constantFrom(1, 1, 2),
    credit: fc.constantFrom(1_000, 1_000, 300, 150),
    wishes: fc.array(
      fc
        .tuple(
          fc.constantFrom("ada" as const, "ben" as const),
          fc.constantFrom<RoomType>("double", "double", "double", "single"),
          fc.integer({ min: 1, max: 3 }),
          fc.integer({ min: 1, max: 3 }),
        )
        .map(([guestId, roomType, day, nights]) => ({
          guestId,
          roomType,
          stay: stayFrom(`2030-05-0${day}`, nights),
        })),
      { minLength: 1, maxLength: 4 },
    ),
  },
  { noNullPrototype: true },
);

/** Mostly deliveries; now and then somebody does what nobody expected. */
export const turns: fc.Arbitrary<readonly Turn[]> = fc.array(
  fc.record(
    {
      does: fc.oneof(
        { weight: 14, arbitrary: fc.constant<Does>("is handled") },
        {
          weight: 3,
          arbitrary: fc.constant<Does>("is handled, and dies before the checkpoint"),
        },
        { weight: 3, arbitrary: fc.constant<Does>("comes again") },
        { weight: 1, arbitrary: fc.constant<Does>("times out") },
        {
          weight: 1,
          arbitrary: fc.constantFrom<Does>(
            "is cancelled at the desk",
            "is confirmed at the desk",
            "is moved at the desk",
          ),
        },
      ),
      pick: fc.nat(40),
    },
    { noNullPrototype: true },
  ),
  { maxLength: 40, size: "max" },
);

/** More deliveries than any of these worlds needs. */
const mostDeliveries = 400;

/** Lives through the turns, then until nothing is left to deliver. `happened` gets a line for each. */
export async function live(
  parts: Parts,
  chain: Chain,
  turns: readonly Turn[],
  happened: string[],
): Promise<EventStore> {
  // Promises alone would let nothing else run, no time limit either.
  await setImmediate();
  const store = inMemoryEventStore(() => at);
  await prepare(store, parts, chain);
  const waiting: EventEnvelope[] = [];
  const handled: EventEnvelope[] = [];
  let seen = 0n;
  let deliveries = 0;
  const look = async (): Promise<void> => {
    for await (const event of store.readAll({ after: seen })) {
      waiting.push(event);
      seen = event.position;
    }
  };
  const tell = (line: string): void => {
    if (happened.length < 60) happened.push(line);
    else happened[60] = "and so on";
  };
  const deliver = async (event: EventEnvelope, how: string): Promise<void> => {
    deliveries += 1;
    expect(deliveries, "deliveries, and no end in sight").toBeLessThan(mostDeliveries);
    if (await deliverOnce(parts, store, event)) tell(`${briefly(event)} ${how}`);
    await look();
  };
  await look();
  for (const { does, pick } of turns) {
    const reservationId = `reservation-${(pick % chain.wishes.length) + 1}`;
    const next = waiting[pick % Math.max(1, waiting.length)];
    const old = handled[pick % Math.max(1, handled.length)];
    if (does === "comes again") {
      if (old) await deliver(old, does);
    } else if (does === "times out") {
      tell(`${reservationId} ${does}`);
      await parts.handleInput(store, timeoutOf(reservationId));
    } else if (does.endsWith("at the desk")) {
      tell(`${reservationId} ${does}`);
      await atTheDesk(store, does, reservationId, chain);
    } else if (next) {
      await deliver(next, does);
      if (does === "is handled") handled.push(...waiting.splice(waiting.indexOf(next), 1));
    }
    await look();
  }
  const settle = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift())
      await deliver(next, "is handled");
  };
  await settle();
  // Whoever looks after the parked ones cancels their reservations.
  for (const event of await lastOfBookings(store)) {
    if (event.type !== "BookingParked") continue;
    tell(`${event.data.reservationId} is parked, and cancelled by who looks after it`);
    await atTheDesk(store, "is cancelled at the desk", event.data.reservationId, chain);
    await look();
  }
  await settle();
  return store;
}

/** Everything once more, in the order of the store: as a consumer does that has lost its checkpoint. */
export async function deliverAgain(parts: Parts, store: EventStore): Promise<void> {
  const all: EventEnvelope[] = [];
  for await (const event of store.readAll()) all.push(event);
  for (const event of all) await deliverOnce(parts, store, event);
}

/** `RoomHeld of reservation-1` */
function briefly({ type, data }: EventEnvelope): string {
  return `${type} of ${Object(data).reservationId}`;
}

/** True where somebody listens to it. */
async function deliverOnce(
  parts: Parts,
  store: EventStore,
  event: EventEnvelope,
): Promise<boolean> {
  if (event.streamId.startsWith("booking-")) {
    await parts.dispatch(store, event as EventEnvelope<BookingEvent>);
    return true;
  }
  await parts.handleEvent(store, event);
  return !/^(HotelOpened|GuestRegistered|ReservationCreated)$/.test(event.type);
}

async function prepare(store: EventStore, parts: Parts, chain: Chain): Promise<void> {
  const { doubles, credit, wishes } = chain;
  const rooms = { single: 1, double: doubles, suite: 0 };
  const open = { type: "OpenHotel", data: { hotelId: "astoria", rooms, now: at } } as const;
  await handle(store, hotels, { id: id("open"), command: open });
  for (const guestId of ["ada", "ben"]) {
    const data = { guestId, credit: euros(credit), now: at };
    const command = { type: "RegisterGuest", data } as const;
    await handle(store, guests, { id: id(guestId), command });
  }
  for (const [index, { guestId, roomType, stay }] of wishes.entries()) {
    const reservationId = `reservation-${index + 1}`;
    const room = { reservationId, hotelId: "astoria", guestId, roomType, stay };
    const price = { guests: 1, pricePerNight: euros(100), now: at };
    const create = { type: "CreateReservation", data: { ...room, ...price } } as const;
    await handleCommand(store, { id: id(`create ${index}`), command: create });
    const total = euros(100 * nightsOf(stay).length);
    const command = { type: "RequestBooking", data: { ...room, total, expiresAt } } as const;
    await parts.handleInput(store, { id: id(`request ${index}`), command });
  }
}

function timeoutOf(reservationId: string): Envelope<BookingInput> {
  const command = { type: "BookingTimedOut", data: { reservationId } } as const;
  return { id: id(`timeout ${reservationId}`), command };
}

let commands = 0;

async function atTheDesk(
  store: EventStore,
  does: Does,
  reservationId: string,
  { wishes }: Chain,
): Promise<void> {
  const data = { reservationId, now: at };
  const { stay } = wishes[Number(reservationId.slice("reservation-".length)) - 1] ?? {};
  if (!stay) return;
  const later = { ...stay, departure: addDays(stay.departure, 1) };
  const command: ReservationCommand =
    does === "is confirmed at the desk"
      ? { type: "ConfirmReservation", data }
      : does === "is moved at the desk"
        ? { type: "ChangeStay", data: { ...data, stay: later } }
        : { type: "CancelReservation", data: { ...data, reason: "at the desk" } };
  commands += 1;
  try {
    await handleCommand(store, { id: id(`desk ${commands}`), command });
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
  }
}

/** The last event of each booking. */
async function lastOfBookings(store: EventStore): Promise<readonly EventEnvelope<BookingEvent>[]> {
  const last = new Map<string, EventEnvelope<BookingEvent>>();
  for await (const event of store.readAll()) {
    if (Object.hasOwn(bookings.eventTypes, event.type)) {
      last.set(event.streamId, event as EventEnvelope<BookingEvent>);
    }
  }
  return [...last.values()];
}

export function chainInWords({ doubles, credit, wishes }: Chain): readonly string[] {
  return [
    `the Astoria has ${doubles === 1 ? "1 double" : `${doubles} doubles`} and 1 single; Ada and Ben have ${credit.toFixed(2)} EUR each`,
    ...wishes.map(
      ({ guestId, roomType, stay }, index) =>
        `reservation-${index + 1}: ${guestId}, a ${roomType}, ${stayInWords(stay)}, 100.00 EUR a night`,
    ),
  ];
}

function stayFrom(arrival: string, nights: number): Stay {
  return { arrival, departure: addDays(arrival, nights) };
}

/** The same for the same name. */
function id(name: string): string {
  return eventId(name, 0);
}
