import { describe, expect, it } from "vitest";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { deepFreeze } from "../../shared/testing/deep-freeze.ts";
import { recorded } from "../../shared/testing/new-events.ts";
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
import type { ReservationEvent } from "../01-aggregate/reservation-types.ts";
import { explain, replay, startOfHistory, stateAtVersion, stateBefore } from "./replay.ts";

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

describe("a replay", () => {
  it("gives the state after the last event, and its version", () => {
    expect(replay([v1, v2])).toMatchObject({ state: confirmedReservation, version: 2 });
    expect(replay(history)).toMatchObject({ state: { status: "cancelled" }, version: 4 });
  });

  it("of no events is the start of history", () => {
    expect(replay([])).toMatchObject({ state: noReservation, version: 0 });
  });

  it("goes on from where an earlier one ended", () => {
    const from = deepFreeze({ state: confirmedReservation, version: 2 });
    const state = { ...confirmedReservation, stay: threeNights, total: euros(360) };
    expect(replay([v3], from)).toMatchObject({ state, version: 3 });
    expect(replay([], from)).toMatchObject(from);
  });

  it("leaves no trace in the next one", () => {
    const first = replay(history);
    const other = recorded<ReservationEvent>("reservation-2", [
      { ...created, data: { ...created.data, reservationId: "reservation-2" } },
    ]);
    expect(replay(other)).toMatchObject({ state: { status: "pending" }, version: 1 });
    expect(first).toMatchObject({ state: { status: "cancelled" }, version: 4 });
    expect(startOfHistory).toEqual({ state: noReservation, version: 0 });
  });

  it("takes the events in the order of their versions, whatever the clocks said", () => {
    // The server that recorded version 2 had a clock that was an hour slow.
    const late = { ...v2, recordedAt: "2030-01-01T11:00:00.000Z" };
    expect(replay([v1, late, v3])).toMatchObject({
      state: { status: "confirmed", stay: threeNights },
      version: 3,
    });
  });

  it("reads a history that can be read only once", () => {
    expect(replay(readOnce(history))).toMatchObject({ version: 4 });
  });
});

describe("a history that is none", () => {
  it("is refused when an event is missing, also the first", () => {
    expect(() => replay([v1, v3])).toThrow(invalid("gap", 2, 3));
    expect(() => replay([v2, v3])).toThrow(invalid("gap", 1, 2));
  });

  it("is refused when an event comes twice, or too late", () => {
    expect(() => replay([v1, v2, v2])).toThrow(invalid("duplicate", 3, 2));
    expect(() => replay([v1, v2, v3, v1])).toThrow(invalid("duplicate", 4, 1));
  });

  it("is refused when an event belongs to another stream", () => {
    const stranger = { ...v2, streamId: "reservation-2" };
    expect(() => replay([v1, stranger])).toThrow(invalid("foreign-event", 2, 2));
  });

  it("is refused where it does not fit the state that it continues", () => {
    const from = { state: confirmedReservation, version: 2 };
    expect(() => replay([v4], from)).toThrow(invalid("gap", 3, 4));
    expect(() => replay([v2], from)).toThrow(invalid("duplicate", 3, 2));
    const stranger = { ...v3, streamId: "reservation-2" };
    expect(() => replay([stranger], from)).toThrow(invalid("foreign-event", 3, 3));
  });

  it("is refused at the first fault, and read no further", () => {
    const source = counted([v1, v3, v4]);
    expect(() => replay(source.events)).toThrow(invalid("gap", 2, 3));
    expect(source.read()).toBe(2);
  });
});

describe("the state at a version", () => {
  it("holds the event of that version, and none after it", () => {
    expect(stateAtVersion(history, 1)).toMatchObject(pendingReservation);
    expect(stateAtVersion(history, 2)).toMatchObject(confirmedReservation);
    expect(stateAtVersion(history, 3)).toMatchObject({ status: "confirmed", stay: threeNights });
    expect(stateAtVersion(history, 4)).toMatchObject({ status: "cancelled" });
  });

  it("is that before the first event at version 0", () => {
    expect(stateAtVersion(history, 0)).toEqual(noReservation);
    expect(stateAtVersion([], 0)).toEqual(noReservation);
  });

  it("is refused for a version that the stream has not reached", () => {
    expect(() => stateAtVersion(history, 5)).toThrow(invalid("ends-early", 5, 4));
    const nothing = { reason: "ends-early", expectedVersion: 1, actualVersion: 0 };
    expect(() => stateAtVersion([], 1)).toThrow(
      expect.objectContaining({ name: "InvalidHistory", ...nothing }),
    );
  });

  it.each([-1, 1.5, Number.NaN])("is refused for %s, which is no version", (version) => {
    expect(() => stateAtVersion(history, version)).toThrow(
      expect.objectContaining({ name: "InvalidVersion", version }),
    );
  });

  it("is refused where the history up to there has a fault", () => {
    expect(() => stateAtVersion([v1, v3, v4], 4)).toThrow(invalid("gap", 2, 3));
    expect(() => stateAtVersion([v1, v3, v4], 2)).toThrow(
      expect.objectContaining({ name: "InvalidHistory", expectedVersion: 2 }),
    );
  });

  it("reads no event after it, so that the past of a long stream is cheap", () => {
    const source = counted(history);
    expect(stateAtVersion(source.events, 2)).toMatchObject({ status: "confirmed" });
    expect(source.read()).toBe(2);
  });
});

describe("the state before a moment", () => {
  it("holds what was recorded before it, and not what was recorded at it", () => {
    expect(stateBefore(history, "2030-01-01T12:00:00.999Z")).toMatchObject(pendingReservation);
    expect(stateBefore(history, "2030-01-01T12:00:01.000Z")).toMatchObject(pendingReservation);
    expect(stateBefore(history, "2030-01-01T12:00:01.001Z")).toMatchObject(confirmedReservation);
  });

  it("is that before the first event, for a moment before the first event", () => {
    expect(stateBefore(history, "2029-12-31T23:59:59.999Z")).toEqual(noReservation);
    expect(stateBefore([], "2030-01-01T12:00:00.000Z")).toEqual(noReservation);
  });

  it("is the present state, for a moment after the last event", () => {
    expect(stateBefore(history, "2040-01-01T00:00:00.000Z")).toMatchObject({ status: "cancelled" });
  });

  it("is the same however the moment is written", () => {
    for (const moment of ["2030-01-01T12:00:01Z", "2030-01-01T13:00:01+01:00"]) {
      expect(stateBefore(history, moment)).toMatchObject(pendingReservation);
    }
  });

  it("ends at the first event that came too late, also when a clock stepped back after it", () => {
    const recordedAt = "2030-01-01T12:00:00.500Z";
    const stepBack = [v1, v2, { ...v3, recordedAt }, v4];
    expect(stateBefore(stepBack, "2030-01-01T12:00:01.000Z")).toMatchObject(pendingReservation);
  });

  it("reads no event after that one", () => {
    const source = counted(history);
    expect(stateBefore(source.events, v2.recordedAt)).toMatchObject({ status: "pending" });
    expect(source.read()).toBe(2);
  });

  it("is refused where the history up to there has a fault", () => {
    expect(() => stateBefore([v1, v3, v4], v4.recordedAt)).toThrow(invalid("gap", 2, 3));
  });

  it.each(["2030-01-01T12:00:00", "yesterday"])("is refused for %s, which is no moment", (time) => {
    expect(() => stateBefore(history, time)).toThrow(
      expect.objectContaining({ name: "RangeError" }),
    );
  });
});

describe("an explained history", () => {
  it("has one entry for each event, in order", () => {
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
    expect(changesOf("status")).toEqual([
      [1, "none", "pending"],
      [2, "pending", "confirmed"],
      [4, "confirmed", "cancelled"],
    ]);
    expect(changesOf("stay")).toEqual([
      [1, undefined, twoNights],
      [3, twoNights, threeNights],
    ]);
    expect(changesOf("total")).toEqual([
      [1, undefined, euros(240)],
      [3, euros(240), euros(360)],
    ]);
    expect(changesOf("reason")).toEqual([[4, undefined, "plans changed"]]);
    expect(changesOf("guestId")).toEqual([[1, undefined, "guest-1"]]);
  });

  it("has an entry without changes for an event that changed nothing", () => {
    const again = { ...v2, version: 3 };
    const entries = explain([v1, v2, again]);
    expect(entries[2]).toMatchObject({ version: 3, type: "ReservationConfirmed" });
    const fields = entries[2]?.changed.map(({ field }) => field);
    for (const field of Object.keys(confirmedReservation)) expect(fields).not.toContain(field);
  });

  it("is refused where it has a fault", () => {
    expect(() => explain([v1, v3])).toThrow(invalid("gap", 2, 3));
    expect(() => explain([v1, v2, v2])).toThrow(invalid("duplicate", 3, 2));
    const stranger = { ...v2, streamId: "reservation-2" };
    expect(() => explain([v1, stranger])).toThrow(invalid("foreign-event", 2, 2));
  });

  it("may be read only once", () => {
    expect(explain(readOnce(history))).toHaveLength(4);
    expect(explain([])).toEqual([]);
  });
});

/** Version, before and after, wherever this field changed. */
function changesOf(field: string): readonly unknown[] {
  return explain(history).flatMap(({ version, changed }) =>
    changed
      .filter((change) => change.field === field)
      .map(({ before, after }) => [version, before, after]),
  );
}

function invalid(reason: string, expectedVersion: number, actualVersion: number): unknown {
  const fields = { reason, streamId: reservationId, expectedVersion, actualVersion };
  return expect.objectContaining({ name: "InvalidHistory", ...fields });
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
