import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DomainError } from "../../shared/kernel/errors.ts";
import { deepFreeze } from "../../shared/testing/deep-freeze.ts";
import {
  addDays,
  calendarDates,
  reservationCommands,
  validHistories,
} from "../../shared/testing/reservations.ts";
import {
  differentSurroundings,
  inSurroundings,
  inTimeZone,
  timeZones,
} from "../../shared/testing/surroundings.ts";
import { decide, evolve, initialState } from "./reservation.ts";
import type { Reservation, ReservationCommand, ReservationEvent } from "./reservation-types.ts";
import { countNights } from "./stay.ts";

describe("the laws of an aggregate", () => {
  it("counting nights forwards from any day equals the calendar, in every time zone", () => {
    fc.assert(
      fc.property(
        calendarDates(),
        fc.integer({ min: 0, max: 400 }),
        fc.constantFrom(...timeZones),
        (arrival, nights, timeZone) => {
          const stay = { arrival, departure: addDays(arrival, nights) };
          expect(inTimeZone(timeZone, () => countNights(stay))).toBe(nights);
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });

  it("folding a history twice gives equal states, on any two computers", () => {
    fc.assert(
      fc.property(validHistories(), differentSurroundings(), (history, [here, there]) => {
        deepFreeze(history);
        const first = inSurroundings(here, () => statesAlong(history));
        const second = inSurroundings(there, () => statesAlong(history));
        expect(second).toStrictEqual(first);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("deciding twice on the same state gives equal events, on any two computers", () => {
    fc.assert(
      fc.property(reservationCommands(), differentSurroundings(), (commands, [here, there]) => {
        deepFreeze(commands);
        const first = inSurroundings(here, () => outcomesOf(commands));
        const second = inSurroundings(there, () => outcomesOf(commands));
        expect(second).toStrictEqual(first);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it("a command that has just been obeyed decides nothing, or is refused as done", () => {
    fc.assert(
      fc.property(reservationCommands(), (commands) => {
        let state: Reservation = initialState;
        for (const command of commands) {
          const outcome = outcomeOf(command, state);
          if (typeof outcome === "string") continue;
          state = outcome.reduce(evolve, state);
          const again = command.type === "CreateReservation" ? "reservation-exists" : [];
          expect(outcomeOf(command, state)).toStrictEqual(again);
        }
        expect(state.status).not.toBe("none");
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});

/** The state after each event. All are frozen, so an `evolve` that changes what it was given throws. */
function statesAlong(history: readonly ReservationEvent[]): readonly Reservation[] {
  const states: Reservation[] = [initialState];
  let state = deepFreeze(initialState);
  for (const event of history) {
    state = deepFreeze(evolve(state, event));
    states.push(state);
  }
  return states;
}

/** What comes of each command, one after the other: its events, or the code of the refusal. */
function outcomesOf(
  commands: readonly ReservationCommand[],
): readonly (readonly ReservationEvent[] | string)[] {
  let state = deepFreeze(initialState);
  return commands.map((command) => {
    const outcome = outcomeOf(command, state);
    if (typeof outcome !== "string") state = deepFreeze(outcome.reduce(evolve, state));
    return outcome;
  });
}

function outcomeOf(
  command: ReservationCommand,
  state: Reservation,
): readonly ReservationEvent[] | string {
  try {
    return decide(command, state);
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
}
