import fc from "fast-check";
import { describe, expect } from "vitest";
import { deepFreeze } from "../../shared/testing/deep-freeze.ts";
import { law } from "../../shared/testing/law.ts";
import {
  type AgedHistory,
  agedHistories,
  agedInWords,
  firstReleaseHistories,
  rowsOfToday,
} from "../../shared/testing/old-releases.ts";
import { costs } from "../../shared/testing/story.ts";
import {
  differentSurroundings,
  inSurroundings,
  surroundingsInWords,
} from "../../shared/testing/surroundings.ts";
import { replayStored } from "./replay-stored.ts";
import { upcast, upcastAlong } from "./upcast.ts";
import { upcasters } from "./upcasters.ts";

describe("the laws of versioning", () => {
  costs("what a guest has booked depends on the year in which somebody looks at it");

  law("today", "a history of the first release replays as the same history written today", {
    given: [firstReleaseHistories()],
    runs: 200,
    holds: expectSameAsToday,
    story: tellSameAsToday,
  });

  law("releases", "a history of which each row is of another release does so, too", {
    given: [agedHistories()],
    runs: 300,
    holds: expectSameAsToday,
    story: tellSameAsToday,
  });

  law("twice", "upcasting what was upcast changes nothing", {
    given: [agedHistories()],
    runs: 200,
    holds({ rows }) {
      const once = rows.flatMap((row) => upcast(row));
      const twice = once.flatMap((event) => upcast(event));
      expect(twice, "upcast twice (yours), beside upcast once (wanted)").toEqual(once);
    },
    story: (history) => ({
      given: agedInWords(history),
      when: "upcast, and what comes of it is upcast again",
      wanted: "the same events",
      costs: "a cache upcasts, its reader upcasts: 64.35 euros are 643,500 euros",
    }),
  });

  law("orders", "the order in which the links are listed plays no part", {
    given: [agedHistories(), fc.shuffledSubarray(Object.entries(upcasters), { minLength: 5 })],
    runs: 200,
    holds({ rows }, links) {
      const shuffled = Object.fromEntries(links) as typeof upcasters;
      const along = rows.map((row) => upcastAlong(shuffled, row));
      const asTheyStand = rows.map((row) => upcastAlong(upcasters, row));
      expect(along, "in this order (yours), beside that of upcasters.ts (wanted)").toEqual(
        asTheyStand,
      );
      const old = along
        .flat()
        .filter(({ type, schemaVersion }) => versions[type] !== schemaVersion)
        .map(({ type, schemaVersion }) => `${type} ${schemaVersion}`);
      expect(old, "what is not in today's shape").toEqual([]);
    },
    story: (history, links) => ({
      given: agedInWords(history),
      when: `upcast along the links in the order ${links.map(([name]) => name).join(", ")}`,
      wanted: "the same events as in any other order, all of them in today's shape",
    }),
  });

  law("cuts", "replaying in two parts equals replaying at once, at every cut between two rows", {
    given: [agedHistories()],
    runs: 200,
    holds({ rows }) {
      const atOnce = replayStored(rows);
      expect(atOnce.version, "the version, replayed at once").toBe(rows.length);
      for (let cut = 0; cut <= rows.length; cut++) {
        const first = deepFreeze(replayStored(rows.slice(0, cut)));
        expect(replayStored(rows.slice(cut), first), `in two parts, cut after v${cut}`).toEqual(
          atOnce,
        );
      }
    },
    story: (history) => ({
      given: agedInWords(history),
      when: "replayed at once; and up to each version, and on from there",
      wanted: "the same state each time, at the version of the last row",
      costs: "who loads from a snapshot appends at another version than who loads from the start",
    }),
  });

  law("computers", "any two computers read the same events, whatever their clocks say", {
    given: [agedHistories(), differentSurroundings()],
    runs: 100,
    holds({ rows }, [here, there]) {
      const read = () => rows.map((row) => upcast(row));
      expect(
        inSurroundings(there, read),
        "what the second reads (yours), beside the first (wanted)",
      ).toEqual(inSurroundings(here, read));
    },
    story: (history, [here, there]) => ({
      given: agedInWords(history),
      when: ["upcast on two computers:", surroundingsInWords(here), surroundingsInWords(there)],
      wanted: "the same events",
      costs: "the time of a cancellation is that of the replay, and moves with each restart",
    }),
  });
});

const versions: Readonly<Record<string, number>> = {
  ReservationCreated: 3,
  ReservationConfirmed: 1,
  StayChanged: 2,
  ReservationCancelled: 2,
};

function expectSameAsToday({ rows, events }: AgedHistory): void {
  const today = rowsOfToday(events);
  const upcasted = rows.flatMap((row) => upcast(row));
  expect(
    upcasted.map(({ type, schemaVersion, data }) => ({ type, schemaVersion, data })),
    "the events",
  ).toEqual(today.map(({ type, schemaVersion, data }) => ({ type, schemaVersion, data })));
  expect(replayStored(rows).state, "the state").toEqual(replayStored(today).state);
}

function tellSameAsToday(history: AgedHistory): {
  readonly given: readonly string[];
  readonly when: string;
  readonly wanted: string;
} {
  return {
    given: agedInWords(history),
    when: "upcast and replayed, beside the rows that today's code would write for the same",
    wanted: "the same events, and the same state",
  };
}
