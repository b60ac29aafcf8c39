import { describe, it } from "vitest";
import { givenOf, heldBy, holdFor, hotelId, opened } from "../../shared/testing/bookings.ts";
import { costs } from "../../shared/testing/story.ts";
import { evolve, initialState } from "../../solutions/12-saga/hotel.ts";
import { decide } from "./hotel.ts";
import type { HotelEvent } from "./hotel-types.ts";

const given = givenOf({
  decide,
  stateOf: (history: readonly HotelEvent[]) => history.reduce(evolve, initialState),
});

const now = "2030-01-10T09:00:00.000Z";

function refused(reservationId: string, reason: "no-room" | "released"): HotelEvent {
  return { type: "RoomRefused", data: { hotelId, reservationId, reason, refusedAt: now } };
}

function released(reservationId: string): HotelEvent {
  return { type: "RoomReleased", data: { hotelId, reservationId, releasedAt: now } };
}

/** The night of this day in May, and no other. */
function night(day: number): { readonly stay: { arrival: string; departure: string } } {
  return { stay: { arrival: `2030-05-0${day}`, departure: `2030-05-0${day + 1}` } };
}

const threeNights = { stay: { arrival: "2030-05-01", departure: "2030-05-04" } };

describe("a room for a booking", () => {
  costs("two families stand at the desk at 23:40 with a confirmation for the same room");

  it("is held where there is one", () => {
    given(opened(1)).when(holdFor("reservation-1")).thenDecides(heldBy("reservation-1"));
  });

  it("is held as long as fewer are held than there are", () => {
    given(opened(2), heldBy("reservation-1"))
      .when(holdFor("reservation-2"))
      .thenDecides(heldBy("reservation-2"));
  });

  it("is refused when all are held", () => {
    given(opened(2), heldBy("reservation-1"), heldBy("reservation-2"))
      .when(holdFor("reservation-3"))
      .thenDecides(refused("reservation-3", "no-room"));
  });

  it.each([
    ["first", 1],
    ["second", 2],
    ["last", 3],
  ])("is refused when only the %s of three nights is full", (_, day) => {
    given(opened(1), heldBy("reservation-1", night(day)))
      .when(holdFor("reservation-2", threeNights))
      .thenDecides(refused("reservation-2", "no-room"));
  });

  it("is held where no night is full, though all nights together have as many guests as rooms", () => {
    given(opened(2), heldBy("reservation-1", night(1)), heldBy("reservation-2", night(2)))
      .when(holdFor("reservation-3", threeNights))
      .thenDecides(heldBy("reservation-3", threeNights));
  });

  it("is free again in the night after a departure", () => {
    given(opened(1), heldBy("reservation-1", night(1)), heldBy("reservation-2", night(3)))
      .when(holdFor("reservation-3", night(2)))
      .thenDecides(heldBy("reservation-3", night(2)));
  });

  it("does not care for rooms of another type", () => {
    given(opened(1), heldBy("reservation-1", { roomType: "suite" }))
      .when(holdFor("reservation-2"))
      .thenDecides(heldBy("reservation-2"));
  });

  it("is held for another booking once it is released", () => {
    given(opened(1), heldBy("reservation-1"), released("reservation-1"))
      .when(holdFor("reservation-2"))
      .thenDecides(heldBy("reservation-2"));
  });

  it("is not held a second time for the same booking", () => {
    given(opened(2), heldBy("reservation-1")).when(holdFor("reservation-1")).thenDecides();
  });

  it("stays refused to a booking that was refused, though a room is free by now", () => {
    const full = [opened(1), heldBy("reservation-1"), refused("reservation-2", "no-room")];
    given(...full, released("reservation-1"))
      .when(holdFor("reservation-2"))
      .thenDecides();
  });

  it("is refused to a booking that has released it before it asked", () => {
    given(opened(1), released("reservation-1"))
      .when(holdFor("reservation-1"))
      .thenDecides(refused("reservation-1", "released"));
  });
});
