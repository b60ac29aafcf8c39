import { describe, expect, it } from "vitest";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { deepFreeze } from "../../shared/testing/deep-freeze.ts";
import { stateInWords } from "../../shared/testing/in-words.ts";
import { recorded } from "../../shared/testing/new-events.ts";
import { refusalOf } from "../../shared/testing/refusal.ts";
import {
  cancelled,
  confirmed,
  confirmedReservation,
  created,
  euros,
  noReservation,
  pendingReservation,
  reservationId,
  stayChanged,
  threeNights,
  twoNights,
} from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import type { ReservationEvent } from "../01-aggregate/reservation-types.ts";
import {
  explain,
  type Replayed,
  replay,
  startOfHistory,
  stateAtVersion,
  stateBefore,
} from "./replay.ts";

type History = readonly EventEnvelope<ReservationEvent>[];

/** Created, confirmed, moved by a night and made longer, cancelled: versions 1 to 4, a second apart from noon. */
const history: History = deepFreeze(
  recorded<ReservationEvent>(reservationId, [created, confirmed, stayChanged, cancelled]),
);
const [v1, v2, v3, v4] = history as readonly [
  EventEnvelope<ReservationEvent>,
  EventEnvelope<ReservationEvent>,
  EventEnvelope<ReservationEvent>,
  EventEnvelope<ReservationEvent>,
];
const stranger = { ...v2, streamId: "reservation-2" };

// All replays begin here: whoever writes into it is stopped at once.
deepFreeze(startOfHistory);

describe("a replay", () => {
  costs("the clerk has another reservation on the screen than the one that the guest made");

  it("gives the state after the last event, and its version", () => {
    tellReplay([v1, v2], "a confirmed reservation, at version 2");
    expect(replay([v1, v2])).toMatchObject({ state: confirmedReservation, version: 2 });
    tellReplay(history, "a cancelled reservation, at version 4");
    expect(replay(history)).toMatchObject({ state: { status: "cancelled" }, version: 4 });
  });

  it("of no events is the start of history", () => {
    tellReplay([], "no reservation, at version 0");
    expect(replay([])).toMatchObject({ state: noReservation, version: 0 });
  });

  it("goes on from where an earlier one ended", () => {
    const from = deepFreeze({ state: confirmedReservation, version: 2 });
    const state = { ...confirmedReservation, stay: threeNights, total: euros(360) };
    tellReplay([v3], "confirmed, 2030-05-02 → 05-05, 360.00 EUR, at version 3", from);
    const replayed = replay([v3], from);
    expect(replayed).toMatchObject({ state: { status: "confirmed" }, version: 3 });
    expect(replayed).toMatchObject({ state, version: 3 });
    tellReplay([], "the same state, at version 2", from);
    expect(replay([], from)).toMatchObject(from);
  });

  it("leaves no trace in the next one", () => {
    story({
      given: `${inWords(history)}, replayed`,
      when: "v1 created of reservation-2 is replayed, from the start of history",
      wanted: [
        "reservation-2 is pending, at version 1; the first answer is still",
        "cancelled, at version 4; startOfHistory is no reservation, at version 0",
      ],
      costs: "the second guest that a server loads gets the name and the stay of the first",
    });
    const first = replay(history);
    const other = recorded<ReservationEvent>("reservation-2", [
      { ...created, data: { ...created.data, reservationId: "reservation-2" } },
    ]);
    expect(replay(other), "reservation-2").toMatchObject({
      state: { status: "pending" },
      version: 1,
    });
    expect(first, "the first answer").toMatchObject({ state: { status: "cancelled" }, version: 4 });
    expect(startOfHistory, "startOfHistory").toEqual({ state: noReservation, version: 0 });
  });

  it("takes the events in the order of their versions, whatever the clocks said", () => {
    // The server that recorded version 2 had a clock that was an hour slow.
    const late = { ...v2, recordedAt: "2030-01-01T11:00:00.000Z" };
    story({
      given: "v1 created at 12:00:00, v2 confirmed at 11:00:00, v3 stay changed at 12:00:02",
      when: "replayed",
      wanted: "confirmed, 2030-05-02 → 05-05, at version 3: recordedAt plays no part",
      costs: "where one server's clock is slow, the change of stay comes before the creation",
    });
    expect(replay([v1, late, v3])).toMatchObject({
      state: { status: "confirmed", stay: threeNights },
      version: 3,
    });
  });

  it("reads a history that can be read only once", () => {
    story({
      given: `${inWords(history)}, from a generator`,
      when: "replayed",
      wanted: "version 4, after one `for ... of`: a generator has no length and no second round",
      costs: "step 05 reads streams event by event, and would have to keep 100,000 in memory",
    });
    expect(replay(readOnce(history))).toMatchObject({ version: 4 });
  });
});

describe("a history that is none", () => {
  costs("a broken backup replays without a word, and 1,140 guests are billed what never was");

  it("is refused when an event is missing, also the first", () => {
    tellReplay([v1, v3], "InvalidHistory, gap: version 2 was expected, 3 came");
    expect(refusalOf(() => replay([v1, v3]))).toMatchObject(invalid("gap", 2, 3));
    tellReplay([v2, v3], "InvalidHistory, gap: version 1 was expected, 2 came");
    expect(refusalOf(() => replay([v2, v3]))).toMatchObject(invalid("gap", 1, 2));
  });

  it("is refused when an event comes twice, or too late", () => {
    tellReplay([v1, v2, v2], "InvalidHistory, duplicate: version 3 was expected, 2 came");
    expect(refusalOf(() => replay([v1, v2, v2]))).toMatchObject(invalid("duplicate", 3, 2));
    tellReplay([v1, v2, v3, v1], "InvalidHistory, duplicate: version 4 was expected, 1 came");
    expect(refusalOf(() => replay([v1, v2, v3, v1]))).toMatchObject(invalid("duplicate", 4, 1));
  });

  it("is refused when an event belongs to another stream", () => {
    tellReplay(
      [v1, stranger],
      [
        "InvalidHistory, foreign-event, with the streamId reservation-1, whose",
        "history it is; version 2 was expected, 2 came",
      ],
    );
    const refusal = refusalOf(() => replay([v1, stranger]));
    expect(refusal).toMatchObject(invalid("foreign-event", 2, 2));
  });

  it("is refused where it does not fit the state that it continues", () => {
    const from = { state: confirmedReservation, version: 2 };
    tellReplay([v4], "InvalidHistory, gap: version 3 was expected, 4 came", from);
    expect(refusalOf(() => replay([v4], from))).toMatchObject(invalid("gap", 3, 4));
    tellReplay([v2], "InvalidHistory, duplicate: version 3 was expected, 2 came", from);
    expect(refusalOf(() => replay([v2], from))).toMatchObject(invalid("duplicate", 3, 2));
    const foreign = { ...v3, streamId: "reservation-2" };
    const wanted = "InvalidHistory, foreign-event: the state is that of reservation-1";
    tellReplay([foreign], wanted, from);
    expect(refusalOf(() => replay([foreign], from))).toMatchObject(invalid("foreign-event", 3, 3));
  });

  it("is refused at the first fault, and read no further", () => {
    tellReplay([v1, v3, v4], "InvalidHistory, gap, at v3; v4 has not been read");
    const source = counted([v1, v3, v4]);
    expect(refusalOf(() => replay(source.events))).toMatchObject(invalid("gap", 2, 3));
    expect(source.read(), "events read").toBe(2);
  });
});

describe("the state at a version", () => {
  costs("support tells the guest what the reservation said last week, and is wrong by one event");

  it("holds the event of that version, and none after it", () => {
    tellAtVersion(history, 1, "pending, 2030-05-01 → 05-03");
    expect(stateAtVersion(history, 1)).toMatchObject(pendingReservation);
    tellAtVersion(history, 2, "confirmed, 2030-05-01 → 05-03");
    expect(stateAtVersion(history, 2)).toMatchObject(confirmedReservation);
    tellAtVersion(history, 3, "confirmed, 2030-05-02 → 05-05");
    expect(stateAtVersion(history, 3)).toMatchObject({ status: "confirmed", stay: threeNights });
    tellAtVersion(history, 4, "cancelled");
    expect(stateAtVersion(history, 4)).toMatchObject({ status: "cancelled" });
  });

  it("is that before the first event at version 0", () => {
    tellAtVersion(history, 0, "no reservation");
    expect(stateAtVersion(history, 0)).toEqual(noReservation);
    tellAtVersion([], 0, "no reservation");
    expect(stateAtVersion([], 0)).toEqual(noReservation);
  });

  it("is refused for a version that the stream has not reached", () => {
    tellAtVersion(
      history,
      5,
      "InvalidHistory, ends-early: 5 was expected, the last there was is 4",
    );
    const early = refusalOf(() => stateAtVersion(history, 5));
    expect(early).toMatchObject(invalid("ends-early", 5, 4));
    tellAtVersion([], 1, "InvalidHistory, ends-early: 1 was expected, the last there was is 0");
    const nothing = { reason: "ends-early", expectedVersion: 1, actualVersion: 0 };
    const none = refusalOf(() => stateAtVersion([], 1));
    expect(none).toMatchObject({ name: "InvalidHistory", ...nothing });
  });

  it.each([-1, 1.5, Number.NaN])("is refused for %s, which is no version", (version) => {
    tellAtVersion(history, version, `InvalidVersion, with the version ${version}`);
    const refusal = refusalOf(() => stateAtVersion(history, version));
    expect(refusal).toMatchObject({ name: "InvalidVersion", version });
  });

  it("is refused where the history up to there has a fault", () => {
    tellAtVersion([v1, v3, v4], 4, "InvalidHistory, gap: version 2 was expected, 3 came");
    const gap = refusalOf(() => stateAtVersion([v1, v3, v4], 4));
    expect(gap).toMatchObject(invalid("gap", 2, 3));
    tellAtVersion([v1, v3, v4], 2, "InvalidHistory, which expected version 2");
    const missing = refusalOf(() => stateAtVersion([v1, v3, v4], 2));
    expect(missing).toMatchObject({ name: "InvalidHistory", expectedVersion: 2 });
  });

  it("reads no event after it, so that the past of a long stream is cheap", () => {
    tellAtVersion(history, 2, "confirmed, after v1 and v2 have been read, and no more");
    const source = counted(history);
    expect(stateAtVersion(source.events, 2)).toMatchObject({ status: "confirmed" });
    expect(source.read(), "events read").toBe(2);
  });

  function tellAtVersion(events: History, version: number, wanted: string): void {
    story({ given: inWords(events), when: `its state at version ${version}`, wanted });
  }
});

describe("the state before a moment", () => {
  costs("the guest who was told 240.00 in February is shown the 480.00 of April again");

  it("holds what was recorded before it, and not what was recorded at it", () => {
    tellBefore("2030-01-01T12:00:00.999Z", "pending: v1 was before it, v2 was not");
    expect(stateBefore(history, "2030-01-01T12:00:00.999Z")).toMatchObject(pendingReservation);
    tellBefore("2030-01-01T12:00:01.000Z", "pending: v2 was recorded at it, not before it");
    expect(stateBefore(history, "2030-01-01T12:00:01.000Z")).toMatchObject(pendingReservation);
    tellBefore("2030-01-01T12:00:01.001Z", "confirmed: v2 was recorded a millisecond before it");
    expect(stateBefore(history, "2030-01-01T12:00:01.001Z")).toMatchObject(confirmedReservation);
  });

  it("is that before the first event, for a moment before the first event", () => {
    tellBefore("2029-12-31T23:59:59.999Z", "no reservation");
    expect(stateBefore(history, "2029-12-31T23:59:59.999Z")).toEqual(noReservation);
    tellBefore("2030-01-01T12:00:00.000Z", "no reservation", "no events");
    expect(stateBefore([], "2030-01-01T12:00:00.000Z")).toEqual(noReservation);
  });

  it("is the present state, for a moment after the last event", () => {
    tellBefore("2040-01-01T00:00:00.000Z", "cancelled, as now");
    expect(stateBefore(history, "2040-01-01T00:00:00.000Z")).toMatchObject({ status: "cancelled" });
  });

  it("is the same however the moment is written", () => {
    for (const moment of ["2030-01-01T12:00:01Z", "2030-01-01T13:00:01+01:00"]) {
      tellBefore(moment, "pending: it is the moment 2030-01-01T12:00:01.000Z, written otherwise");
      expect(stateBefore(history, moment)).toMatchObject(pendingReservation);
    }
  });

  it("ends at the first event that came too late, also when a clock stepped back after it", () => {
    const recordedAt = "2030-01-01T12:00:00.500Z";
    const stepBack = [v1, v2, { ...v3, recordedAt }, v4];
    tellBefore(
      "2030-01-01T12:00:01.000Z",
      "pending: it ends at v2, also for v3, whose time is earlier",
      "v1 created at 12:00:00, v2 confirmed at :01, v3 stay changed at :00.500, v4 cancelled at :03",
    );
    expect(stateBefore(stepBack, "2030-01-01T12:00:01.000Z")).toMatchObject(pendingReservation);
  });

  it("reads no event after that one", () => {
    tellBefore(v2.recordedAt, "pending, after v1 and v2 have been read, and no more");
    const source = counted(history);
    expect(stateBefore(source.events, v2.recordedAt)).toMatchObject({ status: "pending" });
    expect(source.read(), "events read").toBe(2);
  });

  it("is refused where the history up to there has a fault", () => {
    const withGap = "v1 created at 12:00:00, v3 stay changed at :02, v4 cancelled at :03";
    tellBefore(v4.recordedAt, "InvalidHistory, gap: version 2 was expected, 3 came", withGap);
    const refusal = refusalOf(() => stateBefore([v1, v3, v4], v4.recordedAt));
    expect(refusal).toMatchObject(invalid("gap", 2, 3));
  });

  it.each(["2030-01-01T12:00:00", "yesterday"])("is refused for %s, which is no moment", (time) => {
    tellBefore(time, "a RangeError: toMilliseconds throws it");
    expect(refusalOf(() => stateBefore(history, time))).toMatchObject({ name: "RangeError" });
    tellBefore(time, "a RangeError, also where there is nothing to compare with", "no events");
    expect(refusalOf(() => stateBefore([], time))).toMatchObject({ name: "RangeError" });
  });

  function tellBefore(moment: string, wanted: string, given = timed): void {
    story({ given, when: `its state before ${moment}`, wanted });
  }
});

describe("an explained history", () => {
  costs("the screen says that the guest changed what was never touched, or hides what was");

  it("has one entry for each event, in order", () => {
    tellExplained(history, "four entries, each with its event's version, type and recordedAt");
    const entries = explain(history).map(({ version, type, recordedAt }) => ({
      version,
      type,
      recordedAt,
    }));
    expect(entries).toEqual([
      { version: 1, type: "ReservationCreated", recordedAt: "2030-01-01T12:00:00.000Z" },
      { version: 2, type: "ReservationConfirmed", recordedAt: "2030-01-01T12:00:01.000Z" },
      { version: 3, type: "StayChanged", recordedAt: "2030-01-01T12:00:02.000Z" },
      { version: 4, type: "ReservationCancelled", recordedAt: "2030-01-01T12:00:03.000Z" },
    ]);
  });

  it("says what each event changed, and nothing that stayed as it was", () => {
    const expected = {
      status: [
        { version: 1, before: "none", after: "pending" },
        { version: 2, before: "pending", after: "confirmed" },
        { version: 4, before: "confirmed", after: "cancelled" },
      ],
      stay: [
        { version: 1, before: undefined, after: twoNights },
        { version: 3, before: twoNights, after: threeNights },
      ],
      total: [
        { version: 1, before: undefined, after: euros(240) },
        { version: 3, before: euros(240), after: euros(360) },
      ],
      reason: [{ version: 4, before: undefined, after: "plans changed" }],
      guestId: [{ version: 1, before: undefined, after: "guest-1" }],
    };
    for (const [field, changes] of Object.entries(expected)) {
      const versions = changes.map(({ version }) => `v${version}`).join(", ");
      tellExplained(history, `${field} was changed by ${versions}, and by no other event`);
      expect(changesOf(field), `the changes of ${field}`).toEqual(changes);
    }
  });

  it("has an entry without changes for an event that changed nothing", () => {
    const again = { ...v2, version: 3 };
    tellExplained([v1, v2, again], "three entries; in the third, changed is empty: []");
    const entries = explain([v1, v2, again]);
    expect(entries[2]).toMatchObject({ version: 3, type: "ReservationConfirmed" });
    const changed = entries[2]?.changed.filter(({ field }) => field in confirmedReservation);
    expect(changed, "what v3 changed").toEqual([]);
  });

  it("is refused where it has a fault", () => {
    tellExplained([v1, v3], "InvalidHistory, gap: version 2 was expected, 3 came");
    expect(refusalOf(() => explain([v1, v3]))).toMatchObject(invalid("gap", 2, 3));
    tellExplained([v1, v2, v2], "InvalidHistory, duplicate: version 3 was expected, 2 came");
    expect(refusalOf(() => explain([v1, v2, v2]))).toMatchObject(invalid("duplicate", 3, 2));
    tellExplained([v1, stranger], "InvalidHistory, foreign-event, with the streamId reservation-1");
    const refusal = refusalOf(() => explain([v1, stranger]));
    expect(refusal).toMatchObject(invalid("foreign-event", 2, 2));
  });

  it("may be read only once", () => {
    story({
      given: `${inWords(history)}, from a generator`,
      when: "explained",
      wanted: "four entries, after one `for ... of`",
    });
    expect(explain(readOnce(history)), "entries").toHaveLength(4);
    tellExplained([], "no entries: []");
    expect(explain([])).toEqual([]);
  });

  function tellExplained(events: History, wanted: string | readonly string[]): void {
    story({ given: inWords(events), when: "explained", wanted });
  }
});

function tellReplay(events: History, wanted: string | readonly string[], from?: Replayed): void {
  const onto = from && `${stateInWords(from.state)}, at version ${from.version}`;
  if (onto === undefined) story({ given: inWords(events), when: "replayed", wanted });
  else story({ given: onto, when: `replayed from there on: ${inWords(events)}`, wanted });
}

const timed =
  "v1 created at 12:00:00, v2 confirmed at :01, v3 stay changed at :02, v4 cancelled at :03";

/** `v1 created, v2 confirmed`; an event of another stream is told as such. */
function inWords(events: History): string {
  if (events.length === 0) return "no events";
  return events
    .map(({ version, type, streamId }) => {
      const of = streamId === reservationId ? "" : ` of ${streamId}`;
      return `v${version} ${happened[type]}${of}`;
    })
    .join(", ");
}

const happened: Readonly<Record<ReservationEvent["type"], string>> = {
  ReservationCreated: "created",
  ReservationConfirmed: "confirmed",
  StayChanged: "stay changed",
  ReservationCancelled: "cancelled",
};

/** Version, before and after, wherever this field changed. */
function changesOf(field: string): readonly object[] {
  return explain(history).flatMap(({ version, changed }) =>
    changed
      .filter((change) => change.field === field)
      .map(({ before, after }) => ({ version, before, after })),
  );
}

function invalid(reason: string, expectedVersion: number, actualVersion: number): object {
  const fields = { reason, streamId: reservationId, expectedVersion, actualVersion };
  return { name: "InvalidHistory", ...fields };
}

function* readOnce<T>(events: Iterable<T>): Iterable<T> {
  yield* events;
}

/** The events, and how many of them have been read. */
function counted<T>(all: readonly T[]): { events: Iterable<T>; read(): number } {
  let count = 0;
  function* events(): Iterable<T> {
    for (const event of all) {
      count += 1;
      yield event;
    }
  }
  return { events: events(), read: () => count };
}
