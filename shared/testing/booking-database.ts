/** A hotel, a guest and a booking on PostgreSQL: set up and read by the reference, whatever is being written. */

import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { handleCommand } from "../../solutions/05-command-handlers/command-handler.ts";
import { eventId } from "../../solutions/05-command-handlers/event-id.ts";
import { loadCheckpoint } from "../../solutions/06-publishing/checkpoint.ts";
import {
  type Checkpoint,
  type CommittedEvent,
  readAllCommitted,
  startOfStore,
} from "../../solutions/06-publishing/commit-order.ts";
import type { Booking, BookingEvent } from "../../solutions/12-saga/booking-types.ts";
import { guests, hotels } from "../../solutions/12-saga/deciders.ts";
import { handle } from "../../solutions/12-saga/handle.ts";
import { handleInput } from "../../solutions/12-saga/inbox.ts";
import { scheduleTimeout } from "../../solutions/12-saga/timeouts.ts";
import type { EventEnvelope } from "../kernel/event.ts";
import type { EventStore } from "../kernel/event-store.ts";
import { at, booking, correlationId, guestId, hotelId } from "./bookings.ts";
import { euros } from "./reservations.ts";

export const dispatcherName = "bookings";

/** Opens the Astoria with so many doubles, and gives Ada so many euros. */
export async function openFor(store: EventStore, doubles = 1, credit = 1_000): Promise<void> {
  const rooms = { single: 0, double: doubles, suite: 0 };
  const open = { type: "OpenHotel", data: { hotelId, rooms, now: at } } as const;
  await handle(store, hotels, { id: eventId("open", 0), command: open });
  await register(store, guestId, credit);
}

async function register(store: EventStore, guest: string, credit: number): Promise<void> {
  const data = { guestId: guest, credit: euros(credit), now: at };
  const command = { type: "RegisterGuest", data } as const;
  await handle(store, guests, { id: eventId(guest, 0), command });
}

/** Creates the reservation, and requests its booking. */
export async function requestBooking(
  store: EventStore,
  overrides: Partial<Booking> = {},
  request = correlationId,
): Promise<void> {
  const wanted = { ...booking, ...overrides };
  const { expiresAt, total, ...room } = wanted;
  const price = { guests: 2, pricePerNight: euros(120), now: at };
  await handleCommand(store, {
    id: eventId(`create ${wanted.reservationId}`, 0),
    command: { type: "CreateReservation", data: { ...room, ...price } },
    correlationId: request,
  });
  await handleInput(store, {
    id: eventId(`request ${wanted.reservationId}`, 0),
    command: { type: "RequestBooking", data: wanted },
    correlationId: request,
  });
}

type CommittedBookingEvent = CommittedEvent & { readonly event: EventEnvelope<BookingEvent> };

/** The first event of a booking, as the dispatcher reads it. */
export function firstOf(pool: pg.Pool, reservationId: string): Promise<CommittedBookingEvent> {
  return eventOf(pool, reservationId, "BookingRequested");
}

/** The event of this type in the booking's stream, as the dispatcher reads it. */
export async function eventOf(
  pool: pg.Pool,
  reservationId: string,
  type: BookingEvent["type"],
): Promise<CommittedBookingEvent> {
  for (;;) {
    const committed = await readAllCommitted(pool, { after: startOfStore });
    const found = committed.find(
      ({ event }) => event.streamId === `booking-${reservationId}` && event.type === type,
    );
    // Somebody else's transaction on this server may hold it back for a moment.
    if (found) return { ...found, event: found.event as EventEnvelope<BookingEvent> };
    await delay(5);
  }
}

/** Nothing has happened yet. */
export async function emptied(pool: pg.Pool): Promise<void> {
  await pool.query(
    "truncate events, streams, relay_checkpoints, scheduled_messages, dispatch_failures",
  );
}

/** Where the dispatcher stands. */
export async function standing(pool: pg.Pool): Promise<Checkpoint> {
  return loadCheckpoint(pool, dispatcherName);
}

/** As the dispatcher does for a booking that is requested. */
export async function schedule(pool: pg.Pool, reservationId: string): Promise<void> {
  await scheduleTimeout(pool, (await firstOf(pool, reservationId)).event);
}

/** `reservation-1 at 09:15`, in the order in which they are due. */
export async function scheduledIn(pool: pg.Pool): Promise<readonly string[]> {
  const { rows } = await pool.query<{ message: string }>(
    `select (input -> 'data' ->> 'reservationId') || ' at '
              || to_char(due_at at time zone 'utc', 'HH24:MI') as message
       from scheduled_messages
      order by due_at, message_id`,
  );
  return rows.map(({ message }) => message);
}

/** The types of the stream's events. */
export async function typesIn(store: EventStore, streamId: string): Promise<readonly string[]> {
  const types: string[] = [];
  for await (const { type } of store.readStream(streamId)) types.push(type);
  return types;
}
