import { describe, expect, it } from "vitest";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import { answerTo } from "../../shared/testing/append-outcome.ts";
import { collect } from "../../shared/testing/collect.ts";
import { inMemoryEventStore } from "../../shared/testing/in-memory-event-store.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { refusalOf } from "../../shared/testing/refusal.ts";
import { cancelled } from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import type { Replayed } from "../../solutions/02-replay/replay.ts";
import { firstRelease, rowsOf } from "../../solutions/11-versioning/first-release.ts";
import { withTodaysVersion } from "../../solutions/11-versioning/releases.ts";
import { load, replayStored } from "./replay-stored.ts";

// Copies: what is written into them by mistake must not be what other files of tests read.
const [v1, v2, v3] = structuredClone(rowsOf("reservation-1")) as readonly [
  EventEnvelope,
  EventEnvelope,
  EventEnvelope,
];

describe("a replay of stored rows", () => {
  costs("each guest who booked by telephone is told 'somebody else was faster', for ever");

  it("folds both events of a row, and counts the row", () => {
    story({
      given: "v1 ReservationBooked 1, v2 StayChanged 1",
      when: "replayed: the first, then both",
      wanted: "confirmed, at version 1; confirmed, 2028-05-01 → 05-04, 193.05 EUR, at version 2",
    });
    expect(replayOf([v1]), "after v1").toMatchObject({
      state: { status: "confirmed", confirmedAt: "2028-02-07T08:12:44.000Z" },
      version: 1,
    });
    expect(replayOf([v1, v2]), "after v2").toMatchObject({
      state: {
        status: "confirmed",
        stay: { arrival: "2028-05-01", departure: "2028-05-04" },
        total: { amount: 19_305, currency: "EUR" },
      },
      version: 2,
    });
  });

  it("goes on from where an earlier one ended", () => {
    story({
      given: "v1 ReservationBooked 1, replayed",
      when: "v2 and v3 are replayed from there on, and no row",
      wanted: "cancelled, at version 3; and the earlier replay itself",
    });
    const earlier = replayOf([v1]);
    expect(replayOf([v2, v3], earlier), "after v3").toMatchObject({
      state: { status: "cancelled", reason: "not recorded" },
      version: 3,
    });
    expect(replayOf([], earlier), "after no row").toEqual(earlier);
  });

  it("refuses rows that are no history, as step 02 does", () => {
    const foreign = { ...v2, streamId: "reservation-2" };
    for (const [rows, reason, expectedVersion, actualVersion] of [
      [[v1, v3], "gap", 2, 3],
      [[v1, v1], "duplicate", 2, 1],
      [[v1, v2, v2], "duplicate", 3, 2],
      [[v1, foreign], "foreign-event", 2, 2],
    ] as const) {
      story({
        given: rows.map(({ version, type, streamId }) => `v${version} ${type} of ${streamId}`),
        when: "replayed",
        wanted: `InvalidHistory, ${reason}: version ${expectedVersion} was expected, ${actualVersion} came`,
        costs: "a telephone booking that the backup has twice confirms what was cancelled between",
      });
      const wanted = { name: "InvalidHistory", reason, expectedVersion, actualVersion };
      const versions = rows.map(({ version }) => `v${version}`).join(", ");
      expect(
        refusalOf(() => replayStored(rows)),
        `what comes of ${versions}`,
      ).toMatchObject(wanted);
    }
  });

  it("ends at the version at which the store takes the next event", async () => {
    story({
      given: "reservation-3 in the store: one row, ReservationBooked 1, which is two events",
      when: "it is loaded, and a cancellation is appended, expecting the loaded version",
      wanted: "written, up to version 2; loaded again it is cancelled, at version 2",
    });
    const store = await storeOfFirstRelease();
    const { version } = await loadOf(store, "reservation-3");
    const next = newEvent(withTodaysVersion(cancellationOf("reservation-3")), { schemaVersion: 2 });
    const answer = await answerTo(store.append("reservation-3", [next], version));
    expect(answer, "the answer to the append").toBe("written, up to version 2");
    expect(await loadOf(store, "reservation-3"), "loaded again").toMatchObject({
      state: { status: "cancelled", reason: "plans changed" },
      version: 2,
    });
  });

  it("stops at a row of newer code, and guesses no state", () => {
    story({
      given: ["v1 ReservationBooked 1", "v2 StayChanged 3: newer code has written it", "v3"],
      when: "replayed",
      wanted: "UnknownSchemaVersion: StayChanged, schemaVersion 3",
      costs: "the change of stay is skipped, and somebody decides on the state without it",
    });
    const refusal = refusalOf(() => replayStored([v1, { ...v2, schemaVersion: 3 }, v3]));
    const wanted = { name: "UnknownSchemaVersion", type: "StayChanged", schemaVersion: 3 };
    expect(refusal, "what comes of v1, v2, v3").toMatchObject(wanted);
  });
});

describe("the history of the first release", () => {
  costs("four years of reservations cannot be read, on the day after a harmless refactoring");

  it.each([
    [
      "reservation-1",
      3,
      {
        status: "cancelled",
        hotelId: "grand-hotel",
        total: { amount: 19_305, currency: "EUR" },
        reason: "not recorded",
        cancelledAt: "2028-02-12T18:03:59.999Z",
      },
      ["cancelled, in grand-hotel, 193.05 EUR,", '"not recorded", at 2028-02-12T18:03:59.999Z,'],
    ],
    [
      "reservation-2",
      3,
      {
        status: "confirmed",
        hotelId: "harbour-hotel",
        stay: { arrival: "2028-03-24", departure: "2028-03-27" },
        pricePerNight: { amount: 8_995, currency: "EUR" },
        total: { amount: 26_985, currency: "EUR" },
        confirmedAt: "2028-02-09T07:45:31.000Z",
      },
      [
        "confirmed at 2028-02-09T07:45:31.000Z, in harbour-hotel,",
        "2028-03-24 → 03-27, 89.95 EUR a night, 269.85 EUR,",
      ],
    ],
    [
      "reservation-3",
      1,
      {
        status: "confirmed",
        guests: 4,
        pricePerNight: { amount: 31_010, currency: "EUR" },
        total: { amount: 93_030, currency: "EUR" },
        campaign: "new-year",
        confirmedAt: "2028-02-10T16:20:12.000Z",
      },
      [
        "confirmed at 2028-02-10T16:20:12.000Z, 4 guests,",
        "310.10 EUR a night, 930.30 EUR, campaign new-year,",
      ],
    ],
    [
      "reservation-4",
      2,
      {
        status: "cancelled",
        total: { amount: 7_500, currency: "EUR" },
        cancelledAt: "2028-02-14T06:00:00.001Z",
      },
      ["cancelled at 2028-02-14T06:00:00.001Z, 75.00 EUR,"],
    ],
  ])("replays %s to what it always was", (streamId, version, state, inWords) => {
    story({
      given: rowsOf(streamId).map(
        (row) => `v${row.version} ${row.type} ${row.schemaVersion}, of first-release.json`,
      ),
      when: "replayed",
      wanted: [...inWords, `at version ${version}`],
    });
    expect(replayOf(structuredClone(rowsOf(streamId))), `${streamId}, replayed`).toMatchObject({
      state,
      version,
    });
  });

  it("stays in the store as it is, however often it is read", async () => {
    story({
      given: "a store with the rows of first-release.json",
      when: "each of its four reservations is loaded, twice",
      wanted: "the rows are what they were: the same number, the same data, the same schemaVersion",
      costs: "a row is rewritten by code with a bug in it, and nobody knows what the guest booked",
    });
    const store = await storeOfFirstRelease();
    const before = await collect(store.readAll());
    const streams = ["reservation-1", "reservation-2", "reservation-3", "reservation-4"];
    for (const streamId of [...streams, ...streams]) await loadOf(store, streamId);
    expect(await collect(store.readAll()), "the rows in the store").toEqual(before);
  });
});

/** The replay of rows that are a history: to refuse them is a wrong answer. */
function replayOf(rows: readonly EventEnvelope[], from?: Replayed): Replayed {
  try {
    return replayStored(rows, from);
  } catch (error) {
    return failWhereRefused(error);
  }
}

async function loadOf(store: EventStore, streamId: string): Promise<Replayed> {
  try {
    return await load(store, streamId);
  } catch (error) {
    return failWhereRefused(error);
  }
}

function failWhereRefused(error: unknown): never {
  const isRefusal =
    error instanceof Error && ["InvalidHistory", "UnknownSchemaVersion"].includes(error.name);
  if (!isRefusal) throw error;
  expect.fail(`it was refused, with ${error.name}: ${error.message}`);
}

function cancellationOf(reservationId: string): typeof cancelled {
  return { ...cancelled, data: { ...cancelled.data, reservationId } };
}

async function storeOfFirstRelease(): Promise<EventStore> {
  const store = inMemoryEventStore();
  for (const { streamId, version, id, type, schemaVersion, data, metadata } of structuredClone(
    firstRelease,
  )) {
    const event = { id, type, schemaVersion, data, metadata };
    await store.append(streamId, [event], version - 1);
  }
  return store;
}
