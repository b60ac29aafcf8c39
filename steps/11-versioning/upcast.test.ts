import { beforeEach, describe, expect, it } from "vitest";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { rowsOfToday } from "../../shared/testing/old-releases.ts";
import { refusalOf } from "../../shared/testing/refusal.ts";
import { confirmed, created, stayChanged } from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { rowsOf } from "../../solutions/11-versioning/first-release.ts";
import { upcasters as chain } from "../../solutions/11-versioning/upcasters.ts";
import { upcast, upcastAlong } from "./upcast.ts";

/** New ones for each test: an upcast that writes into its row is told by one test, and not by all. */
let booked: EventEnvelope;
let changed: EventEnvelope;
let cancelled: EventEnvelope;
let createdInFirstRelease: EventEnvelope;

beforeEach(() => {
  booked = rowAt("reservation-1", 1);
  changed = rowAt("reservation-1", 2);
  cancelled = rowAt("reservation-1", 3);
  createdInFirstRelease = rowAt("reservation-2", 1);
});

describe("a stored event in today's words", () => {
  costs("evolve meets a shape that it does not know, and folds 128.7 where 12870 cents belong");

  it("has gone through all links from its shape to today's", () => {
    story({
      given: "ReservationCreated 1, in harbour-hotel, 89.95 euros a night",
      when: "upcast",
      wanted: "one event: ReservationCreated 3, hotelId: harbour-hotel, 8995 cents a night",
    });
    const events = upcast(createdInFirstRelease);
    expect(namesOf(events), "the events").toEqual(["ReservationCreated 3"]);
    expect(events[0]?.data, "its data").toEqual({
      reservationId: "reservation-2",
      hotelId: "harbour-hotel",
      guestId: "guest-2",
      roomType: "single",
      guests: 1,
      stay: { arrival: "2028-03-25", departure: "2028-03-27" },
      pricePerNight: { amount: 8_995, currency: "EUR" },
      total: { amount: 17_990, currency: "EUR" },
      createdAt: "2028-02-07T09:30:05.000Z",
      campaign: "spring",
    });
  });

  it("begins at its own shape, wherever in the chain that is", () => {
    const { hotel: hotelId, ...others } = Object(createdInFirstRelease.data);
    const row = { ...createdInFirstRelease, schemaVersion: 2, data: { ...others, hotelId } };
    story({
      given: "ReservationCreated 2, which has a hotelId already, 89.95 euros a night",
      when: "upcast",
      wanted: "ReservationCreated 3, with the same hotelId, 8995 cents a night",
    });
    const events = upcast(row);
    expect(namesOf(events), "the events").toEqual(["ReservationCreated 3"]);
    expect(events[0]?.data, "its data").toMatchObject({
      hotelId: "harbour-hotel",
      pricePerNight: { amount: 8_995, currency: "EUR" },
    });
  });

  it("is itself when it is of today", () => {
    const rows = rowsOfToday([created, confirmed, stayChanged]);
    story({
      given: "ReservationCreated 3, ReservationConfirmed 1, StayChanged 2",
      when: "upcast, one after the other",
      wanted: "the same three, field by field",
      costs: "12,870 cents become 1,287,000: prices in minor units are taken for euros once more",
    });
    expect(
      rows.map((row) => upcast(row)),
      "what comes of each",
    ).toEqual(rows.map((row) => [row]));
  });

  it("is two events where it was split, and both are of today", () => {
    story({
      given: "ReservationBooked 1, in grand-hotel, 64.35 euros a night",
      when: "upcast",
      wanted: "ReservationCreated 3, grand-hotel, 6435 cents a night; then ReservationConfirmed 1",
    });
    const events = upcast(booked);
    expect(namesOf(events), "the events").toEqual([
      "ReservationCreated 3",
      "ReservationConfirmed 1",
    ]);
    expect(events[0]?.data, "the creation's data").toMatchObject({
      hotelId: "grand-hotel",
      pricePerNight: { amount: 6_435, currency: "EUR" },
    });
    expect(events[1]?.data, "the confirmation's data").toEqual({
      reservationId: "reservation-1",
      confirmedAt: "2028-02-07T08:12:44.000Z",
    });
  });

  it("has the id, the version and all else that the store says of its row, also where it was split", () => {
    story({
      given: "v1 ReservationBooked 1 and v3 ReservationCancelled 1 of reservation-1",
      when: "upcast",
      wanted: "id, streamId, version, position, metadata, recordedAt of the row, in each event",
      costs: "the event has an address where there is no row: nobody can append, or look it up",
    });
    for (const row of [booked, cancelled]) {
      const { type: _, schemaVersion: __, data: ___, ...address } = row;
      const events = upcast(row);
      expect(events.length, `events of v${row.version}`).toBeGreaterThan(0);
      for (const event of events) {
        expect(event, `${event.type}, of the row v${row.version}`).toMatchObject(address);
      }
    }
  });

  it("goes by its schemaVersion, whatever its version in the stream", () => {
    story({
      given: "StayChanged 1 at the versions 1, 2, 3 and 7 of a stream; StayChanged 2 at the same",
      when: "upcast",
      wanted:
        "StayChanged 2 at these versions each time, 19305 cents; those of today are themselves",
      costs: "only streams of a certain length can be read, and in the tests all streams are short",
    });
    const [ofToday] = rowsOfToday([stayChanged]);
    for (const version of [1, 2, 3, 7]) {
      const events = upcast({ ...changed, version });
      expect(namesOf(events), `StayChanged 1 at v${version}`).toEqual(["StayChanged 2"]);
      expect(events[0], `StayChanged 1 at v${version}`).toMatchObject({
        version,
        data: { total: { amount: 19_305, currency: "EUR" } },
      });
      const same = { ...ofToday, version } as EventEnvelope;
      expect(upcast(same), `StayChanged 2 at v${version}`).toEqual([same]);
    }
  });

  it("is the same in whatever order the links are listed", () => {
    const backwards = Object.fromEntries(Object.entries(chain).toReversed()) as typeof chain;
    const sorted = Object.fromEntries(Object.entries(chain).toSorted()) as typeof chain;
    const orders = { "as they are": chain, backwards, "by name": sorted };
    for (const [order, links] of Object.entries(orders)) {
      story({
        given: `the links listed ${order}: ${Object.keys(links).join(", ")}`,
        when: "ReservationBooked 1 and ReservationCreated 1 are upcast along them",
        wanted: "ReservationCreated 3 and ReservationConfirmed 1; ReservationCreated 3",
        costs: "somebody sorts the list, and half of the store cannot be read",
      });
      const events = [booked, createdInFirstRelease].map((row) => upcastAlong(links, row));
      expect(events.map(namesOf), "the events").toEqual([
        ["ReservationCreated 3", "ReservationConfirmed 1"],
        ["ReservationCreated 3"],
      ]);
    }
  });

  it("goes along the links that were handed over, to the end", () => {
    story({
      given: "links as in upcasters.ts, which write down that they were taken",
      when: "ReservationBooked 1 is upcast along them",
      wanted: "ReservationBooked 1, ReservationCreated 1, ReservationCreated 2 of these were taken",
      costs: "the links of a new release are tried, and what is tried are the old ones",
    });
    const taken: string[] = [];
    const links = Object.fromEntries(
      Object.entries(chain).map(([name, link]) => [
        name,
        (stored: never) => {
          taken.push(name);
          return link(stored);
        },
      ]),
    ) as typeof chain;
    upcastAlong(links, booked);
    expect(taken, "the links that were taken").toEqual([
      "ReservationBooked 1",
      "ReservationCreated 1",
      "ReservationCreated 2",
    ]);
  });

  it("leaves the row as it was", () => {
    const rows = [booked, changed, cancelled, createdInFirstRelease];
    const before = structuredClone(rows);
    story({
      given: "four rows of the first release",
      when: "upcast",
      wanted: "the rows are what they were, field by field",
      costs:
        "a row in memory is not the row in the store any more, and one of them is written back",
    });
    for (const row of rows) upcast(row);
    expect(rows, "the rows afterwards").toEqual(before);
  });
});

describe("a stored event that nobody here knows", () => {
  costs("what newer code wrote is folded by guess, and the guess is stored as the next decision");

  it("is refused when newer code has written it", () => {
    for (const [row, newest] of [
      [{ ...changed, schemaVersion: 3 }, 2],
      [{ ...createdInFirstRelease, schemaVersion: 4 }, 3],
      [{ ...booked, schemaVersion: 2 }, 1],
    ] as const) {
      const { type, schemaVersion } = row;
      story({
        given: `a row ${type} ${schemaVersion}; this code knows ${type} 1 to ${newest}`,
        when: "upcast",
        wanted: `UnknownSchemaVersion: ${type}, schemaVersion ${schemaVersion}, newest ${newest}`,
      });
      const refusal = refusalOf(() => upcast(row));
      const wanted = { name: "UnknownSchemaVersion", type, schemaVersion, newest };
      expect(refusal, `what comes of ${type} ${schemaVersion}`).toMatchObject(wanted);
    }
  });

  it("is refused when its shape was never written", () => {
    story({
      given: "a row StayChanged 0",
      when: "upcast",
      wanted: "UnknownSchemaVersion: StayChanged, schemaVersion 0, newest 2",
    });
    const wanted = { type: "StayChanged", schemaVersion: 0, newest: 2 };
    const refusal = refusalOf(() => upcast({ ...changed, schemaVersion: 0 }));
    expect(refusal, "what comes of StayChanged 0").toMatchObject({
      name: "UnknownSchemaVersion",
      ...wanted,
    });
  });

  it("is refused when its type is unknown", () => {
    for (const type of ["MinibarEmptied", "toString"]) {
      story({
        given: `a row ${type} 1`,
        when: "upcast",
        wanted: `UnknownEventType: ${type}`,
      });
      const refusal = refusalOf(() => upcast({ ...changed, type }));
      expect(refusal, `what comes of ${type} 1`).toMatchObject({ name: "UnknownEventType", type });
    }
  });
});

function rowAt(streamId: string, version: number): EventEnvelope {
  const row = rowsOf(streamId)[version - 1];
  if (!row) throw new RangeError(`${streamId} has no version ${version}.`);
  return structuredClone(row); // other tests read the same rows
}

/** `StayChanged 2`, for each event; what is no array is compared as it is. */
function namesOf(events: readonly EventEnvelope[]): unknown {
  if (!Array.isArray(events)) return events;
  return events.map(({ type, schemaVersion }: EventEnvelope) => `${type} ${schemaVersion}`);
}
