/** The words of a hotel: how many rooms it has, and which booking holds one of them. */

import type { RoomType, Stay } from "../01-aggregate/reservation-types.ts";

/** How many rooms there are of each type. */
export type Rooms = Readonly<Record<RoomType, number>>;

// Commands. A booking has its reservation's id.

export interface OpenHotel {
  readonly type: "OpenHotel";
  readonly data: { readonly hotelId: string; readonly rooms: Rooms; readonly now: string };
}

export interface HoldRoom {
  readonly type: "HoldRoom";
  readonly data: {
    readonly hotelId: string;
    readonly reservationId: string;
    readonly roomType: RoomType;
    readonly stay: Stay;
    readonly now: string;
  };
}

export interface ReleaseRoom {
  readonly type: "ReleaseRoom";
  readonly data: { readonly hotelId: string; readonly reservationId: string; readonly now: string };
}

export type HotelCommand = OpenHotel | HoldRoom | ReleaseRoom;

// Events. A refusal is one, too: whoever asked must hear the answer, even after a crash.

export interface HotelOpened {
  readonly type: "HotelOpened";
  readonly data: { readonly hotelId: string; readonly rooms: Rooms; readonly openedAt: string };
}

export interface RoomHeld {
  readonly type: "RoomHeld";
  readonly data: {
    readonly hotelId: string;
    readonly reservationId: string;
    readonly roomType: RoomType;
    readonly stay: Stay;
    readonly heldAt: string;
  };
}

export interface RoomRefused {
  readonly type: "RoomRefused";
  readonly data: {
    readonly hotelId: string;
    readonly reservationId: string;
    /** `no-room`: one of the nights is full. `released`: the booking gave up before it asked. */
    readonly reason: "no-room" | "released";
    readonly refusedAt: string;
  };
}

/** This booking holds nothing here, and never will. */
export interface RoomReleased {
  readonly type: "RoomReleased";
  readonly data: {
    readonly hotelId: string;
    readonly reservationId: string;
    readonly releasedAt: string;
  };
}

export type HotelEvent = HotelOpened | RoomHeld | RoomRefused | RoomReleased;

// The state: all bookings that the hotel has heard of. `released` is for ever.

export interface HeldRoom {
  readonly status: "held";
  readonly roomType: RoomType;
  readonly stay: Stay;
}

export type RoomOfBooking =
  | HeldRoom
  | { readonly status: "refused" }
  | { readonly status: "released" };

export interface OpenedHotel {
  readonly status: "open";
  readonly hotelId: string;
  readonly rooms: Rooms;
  /** By the booking's reservation id. */
  readonly bookings: ReadonlyMap<string, RoomOfBooking>;
}

export type Hotel = { readonly status: "none" } | OpenedHotel;
