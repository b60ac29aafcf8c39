/** The given code of step 12 that decides about money, dead ends and repeats; the step's own tests are the learner's. */

import { describe, expect, it } from "vitest";
import { eventId } from "../../../solutions/05-command-handlers/event-id.ts";
import { evolve, initialState, react } from "../../../solutions/12-saga/booking-saga.ts";
import type { BookingEvent, BookingInput } from "../../../solutions/12-saga/booking-types.ts";
import { guests, hotels } from "../../../solutions/12-saga/deciders.ts";
import type { GuestCommand, GuestEvent } from "../../../solutions/12-saga/guest-types.ts";
import { handle } from "../../../solutions/12-saga/handle.ts";
import { heldRooms } from "../../../solutions/12-saga/hotel.ts";
import type { HotelEvent } from "../../../solutions/12-saga/hotel-types.ts";
import {
  answered,
  asked,
  at,
  failed,
  guestId,
  heldBy,
  holdFor,
  hotelId,
  opened,
  refused,
  reservationId,
  streamOf,
} from "../../testing/bookings.ts";
import { collect } from "../../testing/collect.ts";
import { inMemoryEventStore } from "../../testing/in-memory-event-store.ts";
import { interveningStore } from "../../testing/intervening-store.ts";
import { newEvent } from "../../testing/new-events.ts";
import { euros } from "../../testing/reservations.ts";

const registered: GuestEvent = {
  type: "GuestRegistered",
  data: { guestId, credit: euros(300), registeredAt: at },
};

function charge(reservationId: string, amount = euros(240)): GuestCommand {
  return { type: "ChargeCredit", data: { guestId, reservationId, amount, now: at } };
}

function giveBack(reservationId: string): GuestCommand {
  return { type: "ReturnCredit", data: { guestId, reservationId, now: at } };
}

/** What the commands lead to, one after the other, and what credit is left, in cents. */
function outcomeOf(...commands: readonly GuestCommand[]) {
  let state = guests.evolve(guests.initialState, registered);
  const told: string[] = [];
  for (const command of commands) {
    for (const event of guests.decide(command, state)) {
      const { reason, amount } = Object(event.data);
      told.push(`${event.type} ${reason ?? amount.amount}`);
      state = guests.evolve(state, event);
    }
  }
  return { told, left: state.status === "none" ? undefined : state.credit.amount };
}

describe("a guest's credit", () => {
  it("is charged once for a booking, and given back once", () => {
    const commands = [charge("a"), charge("a"), giveBack("a"), giveBack("a")];
    expect(outcomeOf(...commands)).toEqual({
      told: ["CreditCharged 24000", "CreditReturned 24000"],
      left: 30_000,
    });
  });

  it("is never more than there is", () => {
    expect(outcomeOf(charge("a"), charge("b"))).toEqual({
      told: ["CreditCharged 24000", "CreditRefused no-credit"],
      left: 6_000,
    });
  });

  it("is not charged after it was given back, nor given back where nothing was charged", () => {
    expect(outcomeOf(giveBack("a"), charge("a"), giveBack("a"))).toEqual({
      told: ["CreditReturned 0", "CreditRefused returned"],
      left: 30_000,
    });
  });

  it("is in one currency", () => {
    expect(outcomeOf(charge("a", { amount: 1, currency: "USD" })).told).toEqual([
      "CreditRefused other-currency",
    ]);
  });

  it("is nobody's before a guest is registered", () => {
    expect(() => guests.decide(charge("a"), guests.initialState)).toThrow(
      expect.objectContaining({ code: "guest-not-found" }),
    );
  });
});

describe("a hotel", () => {
  const hold = heldBy(reservationId);
  const release = { type: "ReleaseRoom", data: { hotelId, reservationId, now: at } } as const;
  const hotelAfter = (...history: readonly HotelEvent[]) =>
    [opened(1), ...history].reduce(hotels.evolve, hotels.initialState);
  const released = {
    type: "RoomReleased",
    data: { hotelId, reservationId, releasedAt: at },
  } as const;

  it("that is opened a second time forgets no room that is held", () => {
    const { rooms } = opened(1).data;
    const again = { type: "OpenHotel", data: { hotelId, rooms, now: at } } as const;
    expect(hotels.decide(again, hotelAfter(hold))).toEqual([]);
  });

  it("releases a room once, also where the hold came after the release", () => {
    expect(hotels.decide(release, hotelAfter(hold))).toEqual([released]);
    expect(hotels.decide(release, hotelAfter(hold, released))).toEqual([]);
    const data = { hotelId, reservationId, reason: "released", refusedAt: at } as const;
    expect(hotels.decide(release, hotelAfter(released, { type: "RoomRefused", data }))).toEqual([]);
  });

  it("counts as held what is held, and nothing that was refused or released", () => {
    const data = {
      hotelId,
      reservationId: "reservation-2",
      reason: "no-room",
      refusedAt: at,
    } as const;
    const refusal = { type: "RoomRefused", data } as const;
    const held = (...history: readonly HotelEvent[]) => {
      const hotel = hotelAfter(...history);
      return hotel.status === "open" ? heldRooms(hotel).length : undefined;
    };
    expect([held(hold, refusal), held(hold, refusal, released)]).toEqual([1, 0]);
  });
});

describe("a booking at a dead end", () => {
  const { charging, holding, confirming, booked, releasing, returning, cancelling } = streamOf;
  const cases: readonly [readonly BookingEvent[], BookingInput, readonly BookingEvent[]][] = [
    [charging, answered.stayChanged, [asked.person("stay-changed")]],
    [booked, answered.stayChanged, [asked.person("stay-changed")]],
    [
      charging,
      refused("ChargeCredit", "guest-not-found"),
      [asked.person("ChargeCredit refused: guest-not-found")],
    ],
    [charging, refused("HoldRoom", "hotel-not-found"), []],
    [booked, failed("ConfirmReservation", "gone"), []],
    [[...charging, asked.return("timed-out")], answered.stayChanged, []],
    [[...charging, asked.person("stay-changed")], answered.charged, []],
    [[...charging, asked.person("stay-changed")], answered.timedOut, []],
    [[...charging, asked.cancellation("x"), asked.end("x")], answered.cancelled, []],
    // A reservation that nobody has asked to book: the desk confirms it all the same.
    [[], answered.confirmed, []],
    [[], answered.timedOut, []],
  ];

  it.each([
    ["ChargeCredit", charging],
    ["HoldRoom", holding],
    ["ConfirmReservation", confirming],
    ["ReleaseRoom", releasing],
    ["ReturnCredit", returning],
    ["CancelReservation", cancelling],
  ] as const)("is parked when its %s cannot be sent", (command, history) => {
    const reaction = react(failed(command, "gone"), history.reduce(evolve, initialState));
    expect(reaction).toEqual([asked.person(`${command} failed: gone`)]);
  });

  it.each(cases)(
    "%#: is parked where nobody knows how to go on, and only there",
    (...[history, input, events]) => {
      expect(react(input, history.reduce(evolve, initialState))).toEqual(events);
    },
  );
});

describe("handling a command of any decider", () => {
  it("decides anew when somebody else was faster", async () => {
    const inner = inMemoryEventStore();
    await inner.append("hotel-astoria", [newEvent(opened(1))], 0);
    let isFirst = true;
    const store = interveningStore(inner, {
      async beforeAppend() {
        if (!isFirst) return;
        isFirst = false;
        await handle(inner, hotels, { id: eventId("other", 0), command: holdFor("reservation-2") });
      },
    });
    const envelope = { id: eventId("own", 0), command: holdFor("reservation-1") };
    const { events } = await handle(store, hotels, envelope, { wait: async () => undefined });
    expect(events).toMatchObject([{ type: "RoomRefused", data: { reason: "no-room" } }]);
  });

  it("knows a command again, by its id, and keeps the ids that belong to it", async () => {
    const store = inMemoryEventStore();
    await store.append("hotel-astoria", [newEvent(opened(1))], 0);
    const own = { id: eventId("own", 0), correlationId: "request-7", causationId: eventId("x", 0) };
    const envelope = { ...own, command: holdFor("reservation-1") };
    expect(await handle(store, hotels, envelope)).toMatchObject({ repeated: false });
    expect(await handle(store, hotels, envelope)).toMatchObject({
      repeated: true,
      events: [{ type: "RoomHeld" }],
    });
    expect((await collect(store.readStream("hotel-astoria"))).at(-1)).toMatchObject({
      id: eventId(own.id, 0),
      version: 2,
      metadata: {
        commandId: own.id,
        causationId: own.id,
        correlationId: "request-7",
        commandCausationId: own.causationId,
      },
    });
  });

  it("refuses a stream that newer code has written", async () => {
    const store = inMemoryEventStore();
    await store.append("hotel-astoria", [newEvent({ type: "RoofLifted", data: {} })], 0);
    const envelope = { id: eventId("own", 0), command: holdFor("reservation-1") };
    await expect(handle(store, hotels, envelope)).rejects.toMatchObject({
      name: "UnknownEventType",
    });
  });
});
