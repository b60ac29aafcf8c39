import { describe, expect, it } from "vitest";
import { noReservation } from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import type { Loaded } from "./load.ts";
import { isDue } from "./taking.ts";

const policy = { everyEvents: 100, slowerThan: 50 };

describe("the policy", () => {
  costs("10,000 snapshots are written each second, or none in a year");

  it.each([
    ["99 events after no snapshot, in 5 ms", 99, 0, 5, false],
    ["100 events after no snapshot, in 5 ms", 100, 0, 5, true],
    ["99 events after a snapshot, in 5 ms", 1_099, 1_000, 5, false],
    ["100 events after a snapshot, in 5 ms", 1_100, 1_000, 5, true],
    ["130 events after a snapshot, in 5 ms", 1_130, 1_000, 5, true],
    ["1 event after a snapshot, up to version 1,000, in 5 ms", 1_000, 999, 5, false],
    ["1 event after a snapshot, in 49 ms", 1_001, 1_000, 49, false],
    ["1 event after a snapshot, in 50 ms", 1_001, 1_000, 50, true],
    ["no event after a snapshot, in 500 ms", 1_000, 1_000, 500, false],
    ["no event at all, in 500 ms", 0, 0, 500, false],
  ])(
    "every 100 events or from 50 ms on, after %s",
    (what, version, snapshotVersion, milliseconds, due) => {
      story({
        given: "a policy: every 100 events, or when a load takes 50 ms",
        when: `a load folded ${what}`,
        wanted: due ? "a snapshot is due" : "no snapshot is due",
      });
      const loaded: Loaded = {
        streamId: "reservation-1",
        state: noReservation,
        eventId: undefined,
        version,
        snapshotVersion,
        milliseconds,
      };
      expect(isDue(loaded, policy), "whether it is due").toBe(due);
    },
  );
});
