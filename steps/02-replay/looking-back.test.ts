import { describe, expect, it } from "vitest";
import { deepFreeze } from "../../shared/testing/deep-freeze.ts";
import {
  counted,
  type History,
  history,
  historyInBrief,
  invalid,
  readOnce,
  stranger,
  v1,
  v2,
  v3,
  v4,
} from "../../shared/testing/one-history.ts";
import { refusalOf } from "../../shared/testing/refusal.ts";
import {
  confirmedReservation,
  euros,
  noReservation,
  pendingReservation,
  threeNights,
  twoNights,
} from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { explain, startOfHistory, stateAtVersion, stateBefore } from "./replay.ts";

// All replays begin here: whoever writes into it is stopped at once.
deepFreeze(startOfHistory);

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
    story({ given: historyInBrief(events), when: `its state at version ${version}`, wanted });
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
      given: `${historyInBrief(history)}, from a generator`,
      when: "explained",
      wanted: "four entries, after one `for ... of`",
    });
    const entries = explain(readOnce(history)).map(({ version }) => `v${version}`);
    expect(entries, "entries").toEqual(["v1", "v2", "v3", "v4"]);
    tellExplained([], "no entries: []");
    expect(explain([]), "entries").toEqual([]);
  });

  function tellExplained(events: History, wanted: string | readonly string[]): void {
    story({ given: historyInBrief(events), when: "explained", wanted });
  }
});

const timed =
  "v1 created at 12:00:00, v2 confirmed at :01, v3 stay changed at :02, v4 cancelled at :03";

/** Version, before and after, wherever this field changed. */
function changesOf(field: string): readonly object[] {
  return explain(history).flatMap(({ version, changed }) =>
    changed
      .filter((change) => change.field === field)
      .map(({ before, after }) => ({ version, before, after })),
  );
}
