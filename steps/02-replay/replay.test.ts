import { describe, expect, it } from "vitest";
import { deepFreeze } from "../../shared/testing/deep-freeze.ts";
import { stateInWords } from "../../shared/testing/in-words.ts";
import { recorded } from "../../shared/testing/new-events.ts";
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
  created,
  euros,
  noReservation,
  threeNights,
} from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import type { ReservationEvent } from "../01-aggregate/reservation-types.ts";
import { type Replayed, replay, startOfHistory } from "./replay.ts";

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
      given: `${historyInBrief(history)}, replayed`,
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
      given: `${historyInBrief(history)}, from a generator`,
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
      "InvalidHistory, foreign-event, with the streamId reservation-1, whose history it is; " +
        "version 2 was expected, 2 came",
    );
    const refusal = refusalOf(() => replay([v1, stranger]));
    expect(refusal).toMatchObject(invalid("foreign-event", 2, 2));
  });

  it("is refused for the stream of an event before its version is looked at", () => {
    const wanted = (came: number): string =>
      `InvalidHistory, foreign-event; no gap and no duplicate: version 2 was expected, ${came} came`;
    for (const version of [7, 1]) {
      const foreign = { ...stranger, version };
      tellReplay([v1, foreign], wanted(version));
      const refusal = refusalOf(() => replay([v1, foreign]));
      expect(refusal).toMatchObject(invalid("foreign-event", 2, version));
    }
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

function tellReplay(events: History, wanted: string | readonly string[], from?: Replayed): void {
  const onto = from && `${stateInWords(from.state)}, at version ${from.version}`;
  if (onto === undefined) story({ given: historyInBrief(events), when: "replayed", wanted });
  else story({ given: onto, when: `replayed from there on: ${historyInBrief(events)}`, wanted });
}
