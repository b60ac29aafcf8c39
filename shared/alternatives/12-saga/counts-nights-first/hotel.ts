/** The hotel, which first counts what is taken in each night, and then asks for the nights of a stay. */

import { DomainError } from "../../../../shared/kernel/errors.ts";
import type { RoomType, Stay } from "../../../../solutions/01-aggregate/reservation-types.ts";
import { countNights } from "../../../../solutions/01-aggregate/stay.ts";
import type {
  HeldRoom,
  HoldRoom,
  Hotel,
  HotelCommand,
  HotelEvent,
  OpenedHotel,
  RoomOfBooking,
} from "../../../../solutions/12-saga/hotel-types.ts";

export const initialState: Hotel = { status: "none" };

/** @throws DomainError */
export function decide(command: HotelCommand, state: Hotel): readonly HotelEvent[] {
  if (command.type === "OpenHotel") {
    if (state.status === "open") return [];
    const { now, ...data } = command.data;
    return [{ type: "HotelOpened", data: { ...data, openedAt: now } }];
  }
  if (state.status === "none") throw notFound(command.data.hotelId);
  if (command.type === "HoldRoom") return holdRoom(command, state);
  const { hotelId, reservationId, now } = command.data;
  if (state.bookings.get(reservationId)?.status === "released") return [];
  // Also where nothing is held: a HoldRoom that comes after this one must find the door closed.
  return [{ type: "RoomReleased", data: { hotelId, reservationId, releasedAt: now } }];
}

/** A room of this type for every night of the stay, or a refusal; nothing for what was answered before. */
export function holdRoom({ data }: HoldRoom, hotel: OpenedHotel): readonly HotelEvent[] {
  const { now, ...asked } = data;
  const { hotelId, reservationId, roomType, stay } = asked;
  const answer = (reason: "no-room" | "released"): readonly HotelEvent[] => [
    { type: "RoomRefused", data: { hotelId, reservationId, reason, refusedAt: now } },
  ];
  switch (hotel.bookings.get(reservationId)?.status) {
    case "held":
    case "refused":
      return [];
    case "released":
      return answer("released");
    case undefined: {
      const taken = takenByNight(hotel, roomType);
      const isFree = nightsOf(stay).every(
        (night) => (taken.get(night) ?? 0) < hotel.rooms[roomType],
      );
      return isFree ? [{ type: "RoomHeld", data: { ...asked, heldAt: now } }] : answer("no-room");
    }
  }
}

/** How many rooms of the type are held, by night: one walk over the bookings, whatever the stay. */
function takenByNight(hotel: OpenedHotel, roomType: RoomType): ReadonlyMap<string, number> {
  const taken = new Map<string, number>();
  for (const room of heldRooms(hotel)) {
    if (room.roomType !== roomType) continue;
    for (const night of nightsOf(room.stay)) taken.set(night, (taken.get(night) ?? 0) + 1);
  }
  return taken;
}

export function evolve(state: Hotel, event: HotelEvent): Hotel {
  if (event.type === "HotelOpened") {
    const { hotelId, rooms } = event.data;
    return { status: "open", hotelId, rooms, bookings: new Map() };
  }
  if (state.status === "none") return state;
  const { reservationId } = event.data;
  switch (event.type) {
    case "RoomHeld": {
      const { roomType, stay } = event.data;
      return withBooking(state, reservationId, { status: "held", roomType, stay });
    }
    case "RoomRefused":
      if (event.data.reason === "released") return state;
      return withBooking(state, reservationId, { status: "refused" });
    case "RoomReleased":
      return withBooking(state, reservationId, { status: "released" });
    default:
      return event satisfies never;
  }
}

/** The rooms that bookings hold now. */
export function heldRooms(hotel: OpenedHotel): readonly HeldRoom[] {
  return [...hotel.bookings.values()].filter((booking) => booking.status === "held");
}

/** The nights of a stay, by the date of their evening: 1 and 2 May for 2030-05-01 → 05-03. */
export function nightsOf(stay: Stay): readonly string[] {
  const first = Date.parse(`${stay.arrival}T00:00:00.000Z`);
  return Array.from({ length: countNights(stay) }, (_, night) =>
    new Date(first + night * 86_400_000).toISOString().slice(0, 10),
  );
}

/** Whether somebody with this stay sleeps there in this night; not in that of the departure. */
export function isIn(night: string, { arrival, departure }: Stay): boolean {
  return arrival <= night && night < departure;
}

function withBooking(hotel: OpenedHotel, reservationId: string, booking: RoomOfBooking): Hotel {
  return { ...hotel, bookings: new Map(hotel.bookings).set(reservationId, booking) };
}

function notFound(hotelId: string): DomainError {
  return new DomainError("hotel-not-found", `There is no hotel ${hotelId}. Open it first.`);
}
