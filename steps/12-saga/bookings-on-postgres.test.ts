import { describe, expect, it } from "vitest";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import { openFor, requestBooking, typesIn } from "../../shared/testing/booking-database.ts";
import { workOff } from "../../shared/testing/booking-work.ts";
import {
  correlationId,
  guestId,
  holdFor,
  hotelId,
  reservationId,
  storedIn,
} from "../../shared/testing/bookings.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { until } from "../../shared/testing/waiting.ts";
import { postgresEventStore } from "../../solutions/04-concurrency/event-store.ts";
import { handleCommand } from "../../solutions/05-command-handlers/command-handler.ts";
import { eventId } from "../../solutions/05-command-handlers/event-id.ts";
import { notifying } from "../../solutions/06-publishing/notifying.ts";
import { hotels } from "./deciders.ts";
import { dispatchAll } from "./dispatcher.ts";
import { startDispatcher } from "./dispatcher-process.ts";
import { handle } from "./handle.ts";
import { handleEvent } from "./inbox.ts";
import { parkedBookings } from "./parked.ts";

const database = useDatabase(12);
const parts = { dispatchAll, handleEvent };

function setUpStore(): EventStore {
  return postgresEventStore(database.setUpPool);
}

/** The types of all events that belong to the request, in the order of the store. */
async function storyOf(request: string): Promise<readonly string[]> {
  const events = await storedIn(setUpStore());
  return events
    .filter(({ metadata }) => metadata.correlationId === request)
    .map(({ type }) => type);
}

describe("bookings on PostgreSQL", () => {
  costs("the saga is right on paper, and the last room is sold twice on the first day of the sale");

  it("never share the last room, though five ask for it at the same moment", async () => {
    story({
      given: "the Astoria has one double",
      when: "five bookings hold it at once, each on a connection of its own",
      wanted: "one RoomHeld, four RoomRefused",
    });
    await openFor(setUpStore());
    const store = postgresEventStore(database.pool);
    const ids = [1, 2, 3, 4, 5].map((number) => `reservation-${number}`);
    await Promise.all(
      ids.map((id) =>
        handle(
          store,
          hotels,
          { id: eventId(id, 0), command: holdFor(id) },
          // Four of five lose a race each time: the last one needs five attempts.
          { maxAttempts: 10 },
        ),
      ),
    );
    const answers = (await storedIn(setUpStore()))
      .filter(({ streamId }) => streamId === `hotel-${hotelId}`)
      .map(({ type }) => type)
      .sort();
    expect(answers, "the hotel's events").toEqual([
      "HotelOpened",
      "RoomHeld",
      "RoomRefused",
      "RoomRefused",
      "RoomRefused",
      "RoomRefused",
    ]);
  });

  it("go through, and everything on the way belongs to the request", async () => {
    story({
      given: "the Astoria has one double, ada 1000.00 EUR",
      when: `reservation-1 is requested as ${correlationId}, and dispatcher and inbox work until nothing is left`,
      wanted: "charge, hold, confirm, complete: all of it found by the correlationId",
    });
    await openFor(setUpStore());
    await requestBooking(setUpStore());
    await workOff(database.pool, parts);
    expect(await storyOf(correlationId), `what belongs to ${correlationId}`).toEqual([
      "ReservationCreated",
      "BookingRequested",
      "CreditCharged",
      "HoldRequested",
      "RoomHeld",
      "ConfirmationRequested",
      "ReservationConfirmed",
      "BookingCompleted",
    ]);
  });

  it("give the credit back where the last room is gone", async () => {
    story({
      given: "the Astoria has one double, ada 1000.00 EUR",
      when: "reservation-1 and -2 are requested, and all is worked off",
      wanted:
        "the first is booked; the second is charged, refused, given its credit back, cancelled",
    });
    await openFor(setUpStore());
    await requestBooking(setUpStore(), {}, "first");
    await requestBooking(setUpStore(), { reservationId: "reservation-2" }, "second");
    await workOff(database.pool, parts);
    expect((await storyOf("first")).at(-1), "the end of the first").toBe("BookingCompleted");
    expect(await storyOf("second"), "the second").toEqual([
      "ReservationCreated",
      "BookingRequested",
      "CreditCharged",
      "HoldRequested",
      "RoomRefused",
      "ReturnRequested",
      "CreditReturned",
      "CancellationRequested",
      "ReservationCancelled",
      "BookingCancelled",
    ]);
  });

  it("are parked where nobody knows how to go on, with the reason, for a person to see", async () => {
    story({
      given: "there is no hotel called astoria; ada has 1000.00 EUR",
      when: "reservation-1 is requested, and all is worked off",
      wanted: "parked: HoldRoom refused: hotel-not-found",
      costs: "the booking hangs, the guest has paid, and nobody knows until she calls",
    });
    await openFor(setUpStore());
    await requestBooking(setUpStore(), { hotelId: "atlantis" });
    await workOff(database.pool, parts);
    expect(await parkedBookings(database.setUpPool), "what is parked").toMatchObject([
      { reservationId, reason: "HoldRoom refused: hotel-not-found", correlationId },
    ]);
  });

  it("are not parked any more once somebody has cancelled them by hand", async () => {
    story({
      given: `reservation-1 is parked: ${guestId} has moved the stay while it was booked`,
      when: "the desk cancels the reservation, and all is worked off",
      wanted: "room and credit are given back, and nothing is parked",
    });
    await openFor(setUpStore());
    await requestBooking(setUpStore());
    const now = "2030-01-10T09:01:00.000Z";
    const stay = { arrival: "2030-06-01", departure: "2030-06-03" };
    const change = { type: "ChangeStay", data: { reservationId, stay, now } } as const;
    await handleCommand(setUpStore(), { id: eventId("change", 0), command: change });
    await workOff(database.pool, parts);
    expect(await parkedBookings(database.setUpPool), "what is parked").toMatchObject([
      { reservationId, reason: "stay-changed" },
    ]);
    const cancel = {
      type: "CancelReservation",
      data: { reservationId, reason: "ask", now },
    } as const;
    await handleCommand(setUpStore(), { id: eventId("cancel", 0), command: cancel });
    await workOff(database.pool, parts);
    expect(await parkedBookings(database.setUpPool), "what is parked in the end").toEqual([]);
    const last = (await storedIn(setUpStore())).at(-1);
    expect(last?.type, "the last event").toBe("BookingCancelled");
  });

  it("are served by a running dispatcher, their timeouts too, until it is stopped", async () => {
    story({
      given: "a dispatcher runs; its clock says 09:20; ada has 1000.00 EUR",
      when: "reservation-1 is requested, to be done by 09:15",
      wanted: "without another word ada is charged, and given it back: time is up",
    });
    await openFor(setUpStore());
    const store = notifying(postgresEventStore(database.pool), database.pool);
    const reported: unknown[] = [];
    const dispatcher = startDispatcher({
      pool: database.newPool({ max: 4 }),
      store,
      name: "bookings",
      now: () => "2030-01-10T09:20:00.000Z",
      onError: (error) => reported.push(error),
    });
    try {
      await requestBooking(store);
      const wanted = ["GuestRegistered", "CreditCharged", "CreditReturned"];
      const read = () => typesIn(setUpStore(), `guest-${guestId}`);
      await until("the guest's events", read, wanted, reported);
    } finally {
      await dispatcher.stop();
    }
  });
});
