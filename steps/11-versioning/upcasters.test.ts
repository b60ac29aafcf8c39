import { describe, expect, it } from "vitest";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { rowsOfEvents } from "../../shared/testing/old-releases.ts";
import { reservationId, threeNights, twoNights } from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import type {
  OldEvent,
  ReservationBookedV1,
  ReservationCancelledV1,
  ReservationCreatedV1,
  ReservationCreatedV2,
  StayChangedV1,
} from "../../solutions/11-versioning/releases.ts";
import { unknownReason, upcasters } from "./upcasters.ts";

type WrittenEvent = Pick<EventEnvelope, "type" | "schemaVersion" | "data">;

const details = {
  reservationId,
  guestId: "guest-1",
  roomType: "double",
  guests: 2,
  stay: twoNights,
  pricePerNight: 64.35,
  total: 128.7,
} as const;
const createdAt = "2028-02-07T08:12:44.000Z";

const createdV1: ReservationCreatedV1 = {
  type: "ReservationCreated",
  schemaVersion: 1,
  data: { ...details, hotel: "hotel-1", createdAt },
};
const createdV2: ReservationCreatedV2 = {
  type: "ReservationCreated",
  schemaVersion: 2,
  data: { ...details, hotelId: "hotel-1", createdAt },
};
const stayChangedV1: StayChangedV1 = {
  type: "StayChanged",
  schemaVersion: 1,
  data: {
    reservationId,
    from: twoNights,
    to: threeNights,
    total: 193.05,
    changedAt: "2028-02-08T10:00:00.000Z",
  },
};
const cancelledV1: ReservationCancelledV1 = {
  type: "ReservationCancelled",
  schemaVersion: 1,
  data: { reservationId },
};
const bookedV1: ReservationBookedV1 = {
  type: "ReservationBooked",
  schemaVersion: 1,
  data: { ...details, hotel: "hotel-1", bookedAt: createdAt },
};

describe("an old event, one version newer", () => {
  costs("a guest of 2028 asks what was agreed, and what the screen says was never agreed");

  it("has the renamed field under its new name, and not under the old one", () => {
    story({
      given: 'ReservationCreated 1, with hotel: "hotel-1"',
      when: "it goes through the link ReservationCreated 1",
      wanted: 'ReservationCreated 2, with hotelId: "hotel-1", no hotel, and all else as it was',
    });
    const newer = upcasters["ReservationCreated 1"](rowOf(createdV1));
    expect(written(newer)).toEqual([createdV2]);
  });

  it("has its prices in minor units", () => {
    story({
      given: "ReservationCreated 2, 64.35 euros a night, 128.7 in all; StayChanged 1, 193.05",
      when: "they go through their links",
      wanted: "ReservationCreated 3, 6435 and 12870 cents, EUR; StayChanged 2, 19305 cents",
    });
    const newer = upcasters["ReservationCreated 2"](rowOf(createdV2));
    expect(written(newer), "the creation").toEqual([
      {
        type: "ReservationCreated",
        schemaVersion: 3,
        data: { ...createdV2.data, pricePerNight: cents(6_435), total: cents(12_870) },
      },
    ]);
    const changed = upcasters["StayChanged 1"](rowOf(stayChangedV1));
    expect(written(changed), "the change").toEqual([
      {
        type: "StayChanged",
        schemaVersion: 2,
        data: { ...stayChangedV1.data, total: cents(19_305) },
      },
    ]);
  });

  it.each([
    [0.29, 29],
    [1.1, 110],
    [64.35, 6_435],
    [268.57, 26_857],
    [75, 7_500],
    [99_999.99, 9_999_999],
  ])("has every cent of %s euros: %s", (euros, amount) => {
    story({
      given: `StayChanged 1, with a total of ${euros} euros`,
      when: "it goes through the link StayChanged 1",
      wanted: `a total of exactly ${amount} cents, EUR`,
      costs:
        "one cent is missing in one bill of twenty, and the auditor wants to know where it went",
    });
    const changed = { ...stayChangedV1, data: { ...stayChangedV1.data, total: euros } };
    const [newer] = upcasters["StayChanged 1"](rowOf(changed));
    expect(newer?.data, "the data").toMatchObject({ total: cents(amount) });
  });

  it("that lacks a field gets it from what is stored, the same at any time", () => {
    story({
      given: "ReservationCancelled 1 without reason and time, recorded at 2028-02-12T18:03:59.999Z",
      when: "it goes through the link ReservationCancelled 1",
      wanted: [
        `ReservationCancelled 2, reason: "${unknownReason}",`,
        "cancelledAt: 2028-02-12T18:03:59.999Z, when the store took it down",
      ],
      costs: "each replay cancels at another time: free of charge at noon, for 240 euros at night",
    });
    const recordedAt = "2028-02-12T18:03:59.999Z";
    const newer = upcasters["ReservationCancelled 1"]({ ...rowOf(cancelledV1), recordedAt });
    expect(written(newer)).toEqual([
      {
        type: "ReservationCancelled",
        schemaVersion: 2,
        data: { reservationId, reason: "not recorded", cancelledAt: recordedAt },
      },
    ]);
  });

  it.each([
    ["ReservationCreated 1", () => upcasters["ReservationCreated 1"](rowOf(extra(createdV1)))],
    ["ReservationCreated 2", () => upcasters["ReservationCreated 2"](rowOf(extra(createdV2)))],
    ["StayChanged 1", () => upcasters["StayChanged 1"](rowOf(extra(stayChangedV1)))],
    [
      "ReservationCancelled 1",
      () => upcasters["ReservationCancelled 1"](rowOf(extra(cancelledV1))),
    ],
  ] as const)("keeps what no type knows: %s", (name, newer) => {
    story({
      given: `a row ${name} with the field campaign: "spring", which the marketing team once added`,
      when: `it goes through the link ${name}`,
      wanted: "the field is still there",
      costs: "the field is in the store and nobody sees it: they add it again, under another name",
    });
    expect(campaignIn(newer()), "the field campaign").toBe("spring");
  });

  it("leaves the stored event as it was", () => {
    const leaves = <Event extends OldEvent>(
      event: Event,
      link: (stored: EventEnvelope<Event>) => unknown,
    ): void => {
      const name = `${event.type} ${event.schemaVersion}`;
      story({
        given: `a stored row ${name}`,
        when: `it goes through the link ${name}`,
        wanted: "the row is what it was, field by field: what is new is a new event",
        costs: "who reads the event a second time, from a cache, reads another one",
      });
      const row = rowOf(event);
      const before = structuredClone(row);
      link(row);
      expect(row, `the row ${name} afterwards`).toEqual(before);
    };
    leaves(createdV1, upcasters["ReservationCreated 1"]);
    leaves(createdV2, upcasters["ReservationCreated 2"]);
    leaves(stayChangedV1, upcasters["StayChanged 1"]);
    leaves(cancelledV1, upcasters["ReservationCancelled 1"]);
  });
});

describe("an old event that was two", () => {
  costs(
    "3,100 guests who booked by telephone stand there as never confirmed, and lose their rooms",
  );

  it("is a creation and a confirmation, in this order and in the shapes of its time", () => {
    story({
      given: "ReservationBooked 1, hotel-1, 64.35 euros a night, booked 2028-02-07T08:12:44.000Z",
      when: "it goes through the link ReservationBooked 1",
      wanted: [
        "ReservationCreated 1, with hotel and euros, createdAt as booked, no bookedAt;",
        "ReservationConfirmed 1, confirmedAt as booked",
      ],
    });
    const newer = upcasters["ReservationBooked 1"](rowOf(bookedV1));
    expect(written(newer)).toEqual([
      createdV1,
      {
        type: "ReservationConfirmed",
        schemaVersion: 1,
        data: { reservationId, confirmedAt: createdAt },
      },
    ]);
  });

  it("keeps what no type knows with the creation, and is left as it was", () => {
    story({
      given: 'a row ReservationBooked 1 with the field campaign: "spring"',
      when: "it goes through the link ReservationBooked 1",
      wanted: "the creation has the field; the row is what it was",
    });
    const row = rowOf(extra(bookedV1));
    const before = structuredClone(row);
    const newer = upcasters["ReservationBooked 1"](row);
    expect(campaignIn(newer), "the creation's field campaign").toBe("spring");
    expect(row, "the row afterwards").toEqual(before);
  });
});

function cents(amount: number): object {
  return { amount, currency: "EUR" };
}

/** With a field that is in no type. */
function extra<Event extends OldEvent>(event: Event): Event {
  return { ...event, data: { ...event.data, campaign: "spring" } };
}

function rowOf<Event extends OldEvent>(event: Event): EventEnvelope<Event> {
  const [row] = rowsOfEvents([event]);
  // A copy: a link that writes into it must not change what the next test begins with.
  return structuredClone({ ...row, ...event }) as EventEnvelope<Event>;
}

/** Only what the link writes: an event that still has the row's id and version around it is as good. */
function written(events: readonly WrittenEvent[]): unknown {
  if (!Array.isArray(events)) return events; // compared as it is, with the array that was wanted
  return events.map(({ type, schemaVersion, data }: WrittenEvent) => ({
    type,
    schemaVersion,
    data,
  }));
}

function campaignIn([event]: readonly WrittenEvent[]): unknown {
  return Object(event?.data).campaign;
}
