import fc from "fast-check";
import { describe, expect } from "vitest";
import { DomainError } from "../../shared/kernel/errors.ts";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { deepFreeze } from "../../shared/testing/deep-freeze.ts";
import { commandInWords, historyInWords } from "../../shared/testing/in-words.ts";
import { law } from "../../shared/testing/law.ts";
import { recorded } from "../../shared/testing/new-events.ts";
import { refusalOf } from "../../shared/testing/refusal.ts";
import {
  reservationCommands,
  reservationId,
  validHistories,
} from "../../shared/testing/reservations.ts";
import {
  differentSurroundings,
  inSurroundings,
  surroundingsInWords,
} from "../../shared/testing/surroundings.ts";
import { decide, evolve, initialState } from "../01-aggregate/reservation.ts";
import type {
  Reservation,
  ReservationCommand,
  ReservationEvent,
} from "../01-aggregate/reservation-types.ts";
import { explain, replay, startOfHistory, stateAtVersion, stateBefore } from "./replay.ts";

type History = readonly EventEnvelope<ReservationEvent>[];

deepFreeze(startOfHistory);

describe("the laws of replay", () => {
  law("cuts", "replaying in two parts equals replaying at once, at every cut", {
    given: [histories()],
    runs: 200,
    holds(history) {
      const atOnce = replay(history);
      for (let cut = 0; cut <= history.length; cut++) {
        const first = deepFreeze(replay(history.slice(0, cut)));
        const inTwo = replay(history.slice(cut), first);
        expect(inTwo, `replayed up to v${cut}, and on from there`).toStrictEqual(atOnce);
      }
    },
    story: (history) => ({
      given: historyInWords(history),
      when: "replayed at once; and up to each version, and on from that frozen result",
      wanted: "the same state and version each time",
      costs: "who loads from a snapshot is billed another total than who loads from the start",
    }),
  });

  law(
    "live",
    "the live state after any commands equals the replay of the events that they decided",
    {
      given: [reservationCommands()],
      runs: 200,
      holds(commands) {
        const { state, events } = live(commands);
        const replayed = replay(recorded(reservationId, events));
        expect(replayed.state, "the state").toStrictEqual(state);
        expect(replayed.version, "the version").toBe(events.length);
      },
      story: (commands) => ({
        given: commands.map(commandInWords),
        when: "decided one after the other, on a state in memory; then the events are replayed",
        wanted: "the state in memory, and the number of events as its version",
        costs: "a restart of the server changes what was booked",
      }),
    },
  );

  law("versions", "the state at a version equals the replay of the events up to it", {
    given: [histories()],
    runs: 200,
    holds(history) {
      for (let version = 0; version <= history.length; version++) {
        const events = history.slice(0, version);
        expect(stateAtVersion(history, version), `the state at version ${version}`).toStrictEqual(
          events.reduce(evolve, initialState),
        );
      }
    },
    story: (history) => ({
      given: historyInWords(history),
      when: `its state at each version from 0 to ${history.length}`,
      wanted: "the events up to that version, folded, and none after it",
      costs: "support tells the guest what the reservation said last week, and is wrong",
    }),
  });

  law(
    "moments",
    "the state before a moment equals that at the last version before the first later event",
    {
      given: [histories(), moments()],
      runs: 500,
      holds(history, moment) {
        const events = history.slice(0, versionBefore(history, moment));
        expect(stateBefore(history, moment)).toStrictEqual(events.reduce(evolve, initialState));
      },
      story: (history, moment) => ({
        given: timesInWords(history),
        when: `its state before ${moment}`,
        wanted: `that at version ${versionBefore(history, moment)}: what is not before it ends the replay`,
        costs: "an event of midnight stands in January's report and in February's, or in neither",
      }),
    },
  );

  law("changes", "what the events changed, put together, equals the state", {
    given: [histories()],
    runs: 200,
    holds(history) {
      const state = new Map<string, unknown>(Object.entries(initialState));
      for (const { version, changed } of explain(history)) {
        for (const { field, before, after } of changed) {
          expect(before, `${field} before v${version}`).toStrictEqual(state.get(field));
          state.set(field, after);
        }
      }
      const put = Object.fromEntries(state);
      expect(put, "all changes put together").toEqual(history.reduce(evolve, initialState));
    },
    story: (history) => ({
      given: historyInWords(history),
      when: "explained, and the changes are put together, beginning with no reservation",
      wanted: "each begins where the one before it ended; in the end they are the state",
      costs: "the screen shows a guest four changes that do not add up to the bill",
    }),
  });

  law(
    "faults",
    "a history without one of its events, or with one twice, is refused at that place",
    {
      given: [histories(), fc.nat()],
      runs: 200,
      holds(history, random) {
        const place = random % history.length;
        const twice = [...history.slice(0, place + 1), ...history.slice(place)];
        const repeated = refusalOf(() => replay(twice));
        const again = { name: "InvalidHistory", actualVersion: place + 1 };
        expect(repeated, `with v${place + 1} twice`).toMatchObject(again);
        if (place === history.length - 1) return;
        const without = history.filter((_, index) => index !== place);
        const gap = refusalOf(() => replay(without));
        const missing = { name: "InvalidHistory", expectedVersion: place + 1 };
        expect(gap, `without v${place + 1}`).toMatchObject(missing);
      },
      story: (history, random) => {
        const version = (random % history.length) + 1;
        const without = version < history.length ? `; and without v${version}` : "";
        return {
          given: historyInWords(history),
          when: `replayed with v${version} twice in a row${without}`,
          wanted: `InvalidHistory: v${version} comes again${without && `; v${version} is missing`}`,
          costs: "a backup that lost one event of each stream is billed, and nothing complains",
        };
      },
    },
  );

  law("computers", "replaying twice gives the same answers, on any two computers", {
    given: [histories(), moments(), differentSurroundings()],
    runs: 100,
    holds(history, moment, [here, there]) {
      const answers = (): object => ({
        "the replay": replay(history),
        "the state before the moment": stateBefore(history, moment),
        "the explanation": explain(history),
      });
      const first = inSurroundings(here, answers);
      const second = new Map(Object.entries(inSurroundings(there, answers)));
      for (const [answer, expected] of Object.entries(first)) {
        expect(second.get(answer), answer).toStrictEqual(expected);
      }
    },
    story: (history, moment, [here, there]) => ({
      given: timesInWords(history),
      when: [
        `replayed, explained, and replayed to before ${moment}, on two computers:`,
        surroundingsInWords(here),
        surroundingsInWords(there),
      ],
      wanted: "the same answers",
      costs: "two clerks read the guest two different totals, from the same events",
    }),
  });
});

/** The last version before the first event that was not recorded before the moment. */
function versionBefore(history: History, moment: string): number {
  const late = history.findIndex(({ recordedAt }) => recordedAt >= moment);
  return late === -1 ? history.length : late;
}

/** A line an event, with the time at which it was recorded. */
function timesInWords(history: History): readonly string[] {
  const lines = historyInWords(history);
  return history.map(({ recordedAt }, index) => `${recordedAt.slice(11, 23)}  ${lines[index]}`);
}

/** Around noon of one day, so that histories and moments often meet, to the millisecond. */
function moments(): fc.Arbitrary<string> {
  return fc
    .integer({ min: -3, max: 12 })
    .map((step) => new Date(Date.parse("2030-01-01T12:00:00.000Z") + step * 500).toISOString());
}

/** Valid histories as recorded by several servers: their clocks differ, so times may step back. */
function histories(): fc.Arbitrary<History> {
  return fc
    .tuple(validHistories(), fc.array(moments(), { minLength: 8, maxLength: 8 }))
    .map(([events, times]) =>
      deepFreeze(
        recorded(reservationId, events).map((event, index) => ({
          ...event,
          recordedAt: times[index] ?? event.recordedAt,
        })),
      ),
    );
}

/** Decides one command after the other on the state that is kept in memory. */
function live(commands: readonly ReservationCommand[]): {
  readonly state: Reservation;
  readonly events: readonly ReservationEvent[];
} {
  let state: Reservation = initialState;
  const events: ReservationEvent[] = [];
  for (const command of commands) {
    for (const event of decidedOrNone(command, state)) {
      events.push(event);
      state = evolve(state, event);
    }
  }
  return { state, events };
}

function decidedOrNone(
  command: ReservationCommand,
  state: Reservation,
): readonly ReservationEvent[] {
  try {
    return decide(command, state);
  } catch (error) {
    if (error instanceof DomainError) return [];
    throw error;
  }
}
