import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DomainError } from "../../shared/kernel/errors.ts";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { deepFreeze } from "../../shared/testing/deep-freeze.ts";
import { recorded } from "../../shared/testing/new-events.ts";
import {
  reservationCommands,
  reservationId,
  validHistories,
} from "../../shared/testing/reservations.ts";
import { differentSurroundings, inSurroundings } from "../../shared/testing/surroundings.ts";
import { decide, evolve, initialState } from "../01-aggregate/reservation.ts";
import type {
  Reservation,
  ReservationCommand,
  ReservationEvent,
} from "../01-aggregate/reservation-types.ts";
import { explain, replay, stateAtVersion, stateBefore } from "./replay.ts";

type History = readonly EventEnvelope<ReservationEvent>[];

describe("the laws of replay", () => {
  it("replaying in two parts equals replaying at once, at every cut", () => {
    fc.assert(
      fc.property(histories(), (history) => {
        const atOnce = replay(history);
        for (let cut = 0; cut <= history.length; cut++) {
          const first = deepFreeze(replay(history.slice(0, cut)));
          expect(replay(history.slice(cut), first)).toStrictEqual(atOnce);
        }
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("the live state after any commands equals the replay of the events that they decided", () => {
    fc.assert(
      fc.property(reservationCommands(), (commands) => {
        const { state, events } = live(commands);
        const history = recorded(reservationId, events);
        const replayed = replay(history);
        expect(replayed.state).toStrictEqual(state);
        expect(replayed.version).toBe(events.length);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("the state at a version equals the replay of the events up to it", () => {
    fc.assert(
      fc.property(histories(), (history) => {
        for (let version = 0; version <= history.length; version++) {
          const events = history.slice(0, version);
          expect(stateAtVersion(history, version)).toStrictEqual(
            events.reduce(evolve, initialState),
          );
        }
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("the state before a moment equals that at the last version before the first later event", () => {
    fc.assert(
      fc.property(histories(), moments(), (history, moment) => {
        const late = history.findIndex(({ recordedAt }) => recordedAt >= moment);
        const events = history.slice(0, late === -1 ? history.length : late);
        expect(stateBefore(history, moment)).toStrictEqual(events.reduce(evolve, initialState));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it("what the events changed, put together, equals the state", () => {
    fc.assert(
      fc.property(histories(), (history) => {
        const state = new Map<string, unknown>(Object.entries(initialState));
        for (const { changed } of explain(history)) {
          for (const { field, before, after } of changed) {
            expect(state.get(field)).toStrictEqual(before);
            state.set(field, after);
          }
        }
        expect(Object.fromEntries(state)).toEqual(history.reduce(evolve, initialState));
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("a history without one of its events, or with one twice, is refused at that place", () => {
    fc.assert(
      fc.property(histories(), fc.nat(), (history, random) => {
        const place = random % history.length;
        const twice = [...history.slice(0, place + 1), ...history.slice(place)];
        expect(() => replay(twice)).toThrow(
          expect.objectContaining({ name: "InvalidHistory", actualVersion: place + 1 }),
        );
        if (place === history.length - 1) return;
        const without = history.filter((_, index) => index !== place);
        expect(() => replay(without)).toThrow(
          expect.objectContaining({ name: "InvalidHistory", expectedVersion: place + 1 }),
        );
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("replaying twice gives the same answers, on any two computers", () => {
    fc.assert(
      fc.property(
        histories(),
        moments(),
        differentSurroundings(),
        (history, moment, [here, there]) => {
          const answers = (): readonly unknown[] => [
            replay(history),
            stateBefore(history, moment),
            explain(history),
          ];
          const first = inSurroundings(here, answers);
          expect(inSurroundings(there, answers)).toStrictEqual(first);
        },
      ),
      { seed: 1, numRuns: 100 },
    );
  });
});

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
