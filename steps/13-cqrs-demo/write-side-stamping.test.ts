import { describe, expect, it } from "vitest";
import { ConcurrencyConflict } from "../../shared/kernel/errors.ts";
import { thrownBy } from "../../shared/testing/api.ts";
import { inMemoryEventStore } from "../../shared/testing/in-memory-event-store.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import {
  cancelled,
  confirmed,
  created,
  reservationId,
  stayChanged,
} from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { versionsIn } from "../../shared/testing/write-side.ts";
import { stamping } from "./write-side.ts";

describe("a store that says which shape it is given", () => {
  costs("next year's upcaster takes today's prices for euros and multiplies them by a hundred");

  it("stamps the events of a reservation with today's schemaVersion", async () => {
    story({
      given: "events of all four types, made by step 05 with schemaVersion 1",
      when: "they are appended",
      wanted: "the versions that step 11 has counted: 3, 1, 2, 2",
    });
    const store = inMemoryEventStore();
    const events = [created, confirmed, stayChanged, cancelled].map((event) => newEvent(event));
    await stamping(store).append(reservationId, events, 0);
    expect(await versionsIn(store), "what is stored").toEqual([
      "ReservationCreated 3",
      "ReservationConfirmed 1",
      "StayChanged 2",
      "ReservationCancelled 2",
    ]);
  });

  it("leaves hotels, guests and bookings as they are, and hands everything on", async () => {
    story({
      given: "a store that stamps, and no hotel",
      when: "an event of one is appended, expecting version 0, and once more; then the next, expecting 1",
      wanted:
        "schemaVersion 1; the store's own answers: version 1, the same and `repeated`, version 2",
      costs:
        "no hotel can be opened any more, and no guest be registered: 09:00, and nothing books",
    });
    const store = inMemoryEventStore();
    const data = { hotelId: "astoria", rooms: { single: 0, double: 1, suite: 0 }, openedAt: "" };
    const opened = newEvent({ type: "HotelOpened", data });
    const first = await stamping(store).append("hotel-astoria", [opened], 0);
    const second = await stamping(store).append("hotel-astoria", [opened], 0);
    expect([first.version, first.repeated, second.repeated]).toEqual([1, false, true]);
    const held = newEvent({ type: "RoomHeld", data: {} });
    const third = await stamping(store).append("hotel-astoria", [held], 1);
    expect(third.version, "the version after the next event").toBe(2);
    expect(await versionsIn(store, "hotel-astoria")).toEqual(["HotelOpened 1", "RoomHeld 1"]);
    const late = await thrownBy(() =>
      stamping(store).append("hotel-astoria", [newEvent({ type: "HotelOpened", data })], 0),
    );
    expect(late).toBeInstanceOf(ConcurrencyConflict);
  });
});
