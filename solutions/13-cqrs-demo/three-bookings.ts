/** Three bookings: one that succeeds, one without a room, one that is not answered in time. */

import { randomBytes, randomUUID } from "node:crypto";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import { guestStream, guests, hotelStream, hotels } from "../12-saga/deciders.ts";
import { handle, load } from "../12-saga/handle.ts";
import { heldRooms } from "../12-saga/hotel.ts";
import { handleInput } from "../12-saga/inbox.ts";
import { expectConserved } from "./balance.ts";
import type { DemoClock } from "./clock.ts";
import type { ReservationSystem } from "./composition.ts";
import { type Follower, followBooking } from "./follow-booking.ts";
import { row, title } from "./screen.ts";
import { within } from "./time-limit.ts";
import type { Trace } from "./trace.ts";

const hotelIds = ["seaview", "lakeside"];
const guestIds = ["ada", "ben"];
const year = new Date().getUTCFullYear() + 1;
const stay = { arrival: `${year}-05-01`, departure: `${year}-05-03` };
/** How long a booking has, and how long a step of it may take here, in milliseconds. */
const minutes = 15;
const limit = 10_000;

/** @throws TimeLimitExceeded, NotConserved */
export async function threeBookings(
  system: ReservationSystem,
  trace: Trace,
  clock: DemoClock,
): Promise<readonly string[]> {
  const { store } = system;
  await openAll(store, clock.now());
  const [first, second, third] = [newId(), newId(), newId()];

  title(`6  book ${first}: ada, seaview, 1 double left`, "ms since the request");
  const ada = await request(system, clock, { id: first, guestId: "ada", hotelId: "seaview" });
  await ada.upTo("BookingCompleted");
  await showBalance(store, "ada", "seaview");

  title(`7  book ${second}: ben, seaview, no double left`);
  const ben = await request(system, clock, { id: second, guestId: "ben", hotelId: "seaview" });
  await ben.upTo("BookingCancelled");
  await showBalance(store, "ben", "seaview");

  title(`8  book ${third}: ben, lakeside, whose answer comes too late`);
  const slow = trace.holdUp(({ type, data }) => type === "RoomHeld" && idIn(data) === third);
  const late = await request(system, clock, { id: third, guestId: "ben", hotelId: "lakeside" });
  await late.upTo("RoomHeld");
  await within(limit, "RoomHeld is not on the bus", slow.isThere);
  row("", `the bus holds RoomHeld up, ${minutes + 1} minutes go by`);
  clock.skip(minutes + 1);
  await system.wakeBookings();
  await late.upTo("ReleaseRequested");
  row("", "now RoomHeld arrives");
  slow.letGo();
  await late.upTo("BookingCancelled");
  await showBalance(store, "ben", "lakeside");

  const reservationIds = [first, second, third];
  await expectConserved(store, { hotelIds, guestIds, reservationIds });
  row("", "a room and a charge for each confirmed one, for no other ✔");
  return reservationIds;
}

interface Wish {
  readonly id: string;
  readonly guestId: string;
  readonly hotelId: string;
}

/** Creates the reservation, pending, and asks for its booking: two commands of one request. */
async function request(
  system: ReservationSystem,
  clock: DemoClock,
  { id: reservationId, guestId, hotelId }: Wish,
): Promise<Follower> {
  const correlationId = randomUUID();
  const room = { reservationId, hotelId, guestId, roomType: "double", stay } as const;
  const price = { guests: 2, pricePerNight: { amount: 12_000, currency: "EUR" } };
  const create = { ...room, ...price, now: clock.now() };
  const command = { type: "CreateReservation", data: create } as const;
  await system.handle({ id: randomUUID(), command, correlationId });
  const total = { amount: 24_000, currency: "EUR" };
  const data = { ...room, total, expiresAt: clock.now(minutes) };
  const booking = { type: "RequestBooking", data } as const;
  await handleInput(system.store, { id: randomUUID(), command: booking, correlationId });
  return followBooking(system.store, correlationId);
}

async function openAll(store: EventStore, now: string): Promise<void> {
  for (const hotelId of hotelIds) {
    const data = { hotelId, rooms: { single: 0, double: 1, suite: 0 }, now };
    await handle(store, hotels, { id: randomUUID(), command: { type: "OpenHotel", data } });
  }
  for (const guestId of guestIds) {
    const data = { guestId, credit: { amount: 50_000, currency: "EUR" }, now };
    await handle(store, guests, { id: randomUUID(), command: { type: "RegisterGuest", data } });
  }
}

async function showBalance(store: EventStore, guestId: string, hotelId: string): Promise<void> {
  const guest = (await load(store, guests, guestStream(guestId))).state;
  const hotel = (await load(store, hotels, hotelStream(hotelId))).state;
  if (guest.status === "none" || hotel.status === "none") return;
  const credit = `${(guest.credit.amount / 100).toFixed(2)} ${guest.credit.currency}`;
  const held = `${heldRooms(hotel).length} of ${hotel.rooms.double} doubles held`;
  row("", `${guestId} has ${credit} · ${hotelId}: ${held}`);
}

function newId(): string {
  return `reservation-${randomBytes(2).toString("hex")}`;
}

function idIn(data: { readonly reservationId?: string }): string | undefined {
  return data.reservationId;
}
