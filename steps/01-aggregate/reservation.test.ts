import { describe, expect, it } from "vitest";
import { givenFor } from "../../shared/testing/given.ts";
import { eventInWords, stateInWords } from "../../shared/testing/in-words.ts";
import {
  cancel,
  cancelled,
  cancelledAt,
  cancelledReservation,
  changeStay,
  confirm,
  confirmed,
  confirmedAt,
  confirmedReservation,
  create,
  created,
  euros,
  noReservation,
  pendingReservation,
  stayChanged,
  threeNights,
  twoNights,
} from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { decide, evolve, initialState } from "./reservation.ts";
import type {
  ChangeStay,
  CreateReservation,
  Reservation,
  ReservationEvent,
  Stay,
} from "./reservation-types.ts";

const given = givenFor(decide);

describe("the state of a reservation", () => {
  costs("the desk sees another reservation than the one that the events tell of");

  it("is pending after ReservationCreated, with all that was asked for", () => {
    tellAfter(initialState, created, "pending, with every field of the event but createdAt");
    expect(evolve(initialState, created)).toMatchObject(pendingReservation);
  });

  it("is confirmed after ReservationConfirmed, and keeps the rest", () => {
    tellAfter(pendingReservation, confirmed, "confirmed, with confirmedAt, and the rest as it was");
    const expected = { ...pendingReservation, status: "confirmed", confirmedAt };
    expect(evolve(pendingReservation, confirmed)).toMatchObject(expected);
  });

  it("has the new stay and the new total after StayChanged", () => {
    const changes = { stay: threeNights, total: euros(360) };
    for (const before of [pendingReservation, confirmedReservation]) {
      tellAfter(before, stayChanged, `${before.status} still, with the event's new stay and total`);
      expect(evolve(before, stayChanged)).toMatchObject({ ...before, ...changes });
    }
  });

  it("is cancelled after ReservationCancelled, says why and when, and keeps the rest", () => {
    const changes = { status: "cancelled", reason: "plans changed", cancelledAt };
    const expected = { ...pendingReservation, ...changes };
    for (const before of [pendingReservation, confirmedReservation]) {
      tellAfter(
        before,
        cancelled,
        "cancelled, with reason and cancelledAt, and the rest as it was",
      );
      expect(evolve(before, cancelled)).toMatchObject(expected);
    }
  });

  it("is a new value: the state before stays as it was", () => {
    story({
      given: stateInWords(pendingReservation),
      when: eventInWords(stayChanged),
      wanted: "another object is returned, and the one that was given has not changed",
      costs: "whoever still holds the state before, a cache or a screen, finds it changed",
    });
    const before = structuredClone(pendingReservation);
    const after = evolve(before, stayChanged);
    const returned = after === before ? "the object that was given" : "another object";
    expect(returned, "what is returned").toBe("another object");
    expect(before, "the one that was given").toEqual(pendingReservation);
  });

  it("takes a fact down, even one that today's rules would refuse", () => {
    // Sold when suites took twelve, before the hotel knew of a longest stay, as a present.
    const stay: Stay = { arrival: "2019-01-01", departure: "2019-12-31" };
    const free = { amount: 0, currency: "EUR" };
    const bygone = { guests: 12, stay, pricePerNight: free, total: free };
    const event = { ...created, data: { ...created.data, ...bygone } };
    story({
      given: stateInWords(initialState),
      when: "ReservationCreated of 2019: 364 nights for 12 guests, for nothing",
      wanted: "pending, with all that the event says",
      costs: "the day that a rule is made stricter, old reservations cannot be loaded any more",
    });
    expect(evolve(initialState, event)).toMatchObject({ status: "pending", ...bygone });
  });

  it("follows the events, even where a bug once changed what was cancelled", () => {
    tellAfter(cancelledReservation, confirmed, "confirmed: that is what happened");
    expect(evolve(cancelledReservation, confirmed)).toMatchObject({ status: "confirmed" });
    tellAfter(cancelledReservation, stayChanged, "the event's new stay: that is what happened");
    expect(evolve(cancelledReservation, stayChanged)).toMatchObject({ stay: threeNights });
  });

  function tellAfter(before: Reservation, event: ReservationEvent, wanted: string): void {
    story({ given: stateInWords(before), when: eventInWords(event), wanted });
  }
});

describe("a new reservation", () => {
  costs("a guest is charged for nights that nobody sleeps, or gets a room that does not exist");

  it("is created with the price of all its nights", () => {
    given(noReservation).when(create).thenDecides(created);
  });

  it("costs by the night on the calendar, also where the clocks change", () => {
    const stay = { arrival: "2030-03-30", departure: "2030-04-02" };
    story({
      given: stateInWords(noReservation),
      when: "CreateReservation 2030-03-30 → 04-02, at 120.00 EUR a night",
      wanted: "ReservationCreated with a total of 360.00 EUR: three nights, one of 23 hours",
    });
    expect(decide(creating({ stay }), initialState)).toMatchObject([
      { data: { stay, total: euros(360) } },
    ]);
  });

  it("cannot take an id that is in use, whatever the status", () => {
    given(pendingReservation).when(create).thenRefuses("reservation-exists");
    given(confirmedReservation).when(create).thenRefuses("reservation-exists");
    given(cancelledReservation).when(create).thenRefuses("reservation-exists");
  });

  it.each([
    ["has no night", "2030-05-01", "2030-05-01"],
    ["departs before it arrives", "2030-05-03", "2030-05-01"],
    ["has 31 nights", "2030-05-01", "2030-06-01"],
    ["has a date that does not exist", "2030-02-28", "2030-02-30"],
    ["begins in a month, on no day", "2030-05", "2030-05-04"],
    ["is in the year +012030", "+012030-05-01", "+012030-05-03"],
  ])("is refused when its stay %s", (_fault, arrival, departure) => {
    given(noReservation)
      .when(creating({ stay: { arrival, departure } }))
      .thenRefuses("invalid-stay");
  });

  it("may begin today, but not yesterday", () => {
    const now = "2030-05-02T00:00:00.000Z";
    const today = { arrival: "2030-05-02", departure: "2030-05-04" };
    const yesterday = { arrival: "2030-05-01", departure: "2030-05-03" };
    given(noReservation)
      .when(creating({ now, stay: yesterday }))
      .thenRefuses("stay-in-the-past");
    const createdToday = { ...created.data, stay: today, createdAt: now };
    given(noReservation)
      .when(creating({ now, stay: today }))
      .thenDecides({ ...created, data: createdToday });
  });

  it.each([0, 3, 1.5])("is refused for %s guests in a double room", (guests) => {
    given(noReservation).when(creating({ guests })).thenRefuses("invalid-guests");
  });

  it.each([
    ["nothing", 0, "EUR"],
    ["less than nothing", -12_000, "EUR"],
    ["99 cents and a half", 99.5, "EUR"],
    ["no currency's code", 12_000, "euro"],
  ])("is refused for a price of %s a night", (_price, amount, currency) => {
    const pricePerNight = { amount, currency };
    given(noReservation).when(creating({ pricePerNight })).thenRefuses("invalid-price");
  });
});

describe("a reservation that was never created", () => {
  costs("a mistyped number confirms a booking that no guest has made");

  it("cannot be confirmed, changed or cancelled", () => {
    given(noReservation).when(confirm).thenRefuses("reservation-not-found");
    given(noReservation).when(changeStay).thenRefuses("reservation-not-found");
    given(noReservation).when(cancel).thenRefuses("reservation-not-found");
  });
});

describe("a pending reservation", () => {
  costs("the guest is told one thing, and the events say another");

  it("can be confirmed", () => {
    given(pendingReservation).when(confirm).thenDecides(confirmed);
  });

  it("can be cancelled", () => {
    given(pendingReservation).when(cancel).thenDecides(cancelled);
  });

  it("can change its stay, at the price per night that was agreed", () => {
    given(pendingReservation).when(changeStay).thenDecides(stayChanged);
  });

  it("cannot change to a stay that the house refuses", () => {
    const backwards = { arrival: "2030-05-03", departure: "2030-05-01" };
    given(pendingReservation).when(changingTo(backwards)).thenRefuses("invalid-stay");
    const past = { arrival: "2030-01-01", departure: "2030-01-03" };
    given(pendingReservation).when(changingTo(past)).thenRefuses("stay-in-the-past");
  });

  it("can change the day of arrival alone, or of departure alone", () => {
    const earlier = { arrival: "2030-04-30", departure: "2030-05-03" };
    const longer = { arrival: "2030-05-01", departure: "2030-05-04" };
    for (const to of [earlier, longer]) {
      const changed = { ...stayChanged, data: { ...stayChanged.data, to } };
      given(pendingReservation).when(changingTo(to)).thenDecides(changed);
    }
  });

  it("decides nothing when asked for the stay that it has, however late", () => {
    const sameStay = { ...twoNights };
    given(pendingReservation).when(changingTo(sameStay)).thenDecidesNothing();
    const late = changingTo(sameStay, "2030-05-02T08:00:00.000Z");
    given(pendingReservation).when(late).thenDecidesNothing();
  });
});

describe("a confirmed reservation", () => {
  costs("a guest cannot get out of a booking, or moves it and is billed for the old one");

  it("decides nothing when it is confirmed again", () => {
    given(confirmedReservation).when(confirm).thenDecidesNothing();
  });

  it("can still change its stay", () => {
    given(confirmedReservation).when(changeStay).thenDecides(stayChanged);
  });

  it("can still be cancelled", () => {
    given(confirmedReservation).when(cancel).thenDecides(cancelled);
  });
});

describe("a cancelled reservation", () => {
  costs("the room was given to somebody else, and two guests arrive for it");

  it("cannot be confirmed", () => {
    given(cancelledReservation).when(confirm).thenRefuses("reservation-cancelled");
  });

  it("cannot change its stay, not even to the one that it had", () => {
    given(cancelledReservation).when(changeStay).thenRefuses("reservation-cancelled");
    given(cancelledReservation)
      .when(changingTo({ ...twoNights }))
      .thenRefuses("reservation-cancelled");
  });

  it("decides nothing when it is cancelled again, whatever the reason", () => {
    given(cancelledReservation).when(cancel).thenDecidesNothing();
    const again = { ...cancel, data: { ...cancel.data, reason: "cancelled by the hotel" } };
    given(cancelledReservation).when(again).thenDecidesNothing();
  });
});

/** The creation of reservation-1 with something else in it. */
function creating(different: Partial<CreateReservation["data"]>): CreateReservation {
  return { ...create, data: { ...create.data, ...different } };
}

function changingTo(stay: Stay, now = changeStay.data.now): ChangeStay {
  return { ...changeStay, data: { ...changeStay.data, stay, now } };
}
