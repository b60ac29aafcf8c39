import fc from "fast-check";
import { describe, expect } from "vitest";
import { DomainError } from "../../shared/kernel/errors.ts";
import { deepFreeze } from "../../shared/testing/deep-freeze.ts";
import { commandInWords, historyInWords, stayInWords } from "../../shared/testing/in-words.ts";
import { law } from "../../shared/testing/law.ts";
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
  surroundingsInWords,
  timeZones,
} from "../../shared/testing/surroundings.ts";
import { decide, evolve, initialState } from "./reservation.ts";
import type { Reservation, ReservationCommand, ReservationEvent } from "./reservation-types.ts";
import { countNights } from "./stay.ts";

/** Neither of the two is known to be right. */
const compared = "the first computer's is the wanted one here, the second's is yours";

describe("the laws of an aggregate", () => {
  law("nights", "counting nights forwards from any day equals the calendar, in every time zone", {
    given: [calendarDates(), fc.integer({ min: 0, max: 400 }), fc.constantFrom(...timeZones)],
    runs: 300,
    holds(arrival, nights, timeZone) {
      const stay = { arrival, departure: addDays(arrival, nights) };
      const counted = inTimeZone(timeZone, () => countNights(stay));
      // -0, which some subtractions give, is as good as 0.
      expect(counted === 0 ? 0 : counted, "nights").toBe(nights);
    },
    story: (arrival, nights, timeZone) => ({
      given: `a stay ${stayInWords({ arrival, departure: addDays(arrival, nights) })}`,
      when: `its nights are counted on a computer in ${timeZone}`,
      wanted: `${nights}`,
      costs: "the bill has a night too many or too few, and on another computer other ones",
    }),
  });

  law("folding", "folding a history twice gives equal states, on any two computers", {
    given: [validHistories(), differentSurroundings()],
    runs: 200,
    holds(history, [here, there]) {
      deepFreeze(history);
      const first = inSurroundings(here, () => statesAlong(history));
      const second = inSurroundings(there, () => statesAlong(history));
      expect(second, compared).toStrictEqual(first);
    },
    story: (history, [here, there]) => ({
      given: historyInWords(history),
      when: [
        "evolve folds it, each state frozen, on two computers:",
        surroundingsInWords(here),
        surroundingsInWords(there),
      ],
      wanted: "the same state after each event",
      costs: "after a restart, or on the second server, the guest has another reservation",
    }),
  });

  law("deciding", "deciding twice on the same state gives equal events, on any two computers", {
    given: [reservationCommands(), differentSurroundings()],
    runs: 200,
    holds(commands, [here, there]) {
      deepFreeze(commands);
      const first = inSurroundings(here, () => outcomesOf(commands));
      const second = inSurroundings(there, () => outcomesOf(commands));
      expect(second, compared).toStrictEqual(first);
    },
    story: (commands, [here, there]) => ({
      given: "no reservation",
      when: [
        ...commands.map(commandInWords),
        "are decided one after the other, on two computers:",
        surroundingsInWords(here),
        surroundingsInWords(there),
      ],
      wanted: "the same events, or the same refusal, for each command",
      costs: "a command that is tried again, as step 05 does, decides something else",
    }),
  });

  law("done", "a command that has just been obeyed decides nothing, or is refused as done", {
    given: [reservationCommands()],
    runs: 200,
    holds(commands) {
      let state: Reservation = initialState;
      for (const command of commands) {
        const outcome = outcomeOf(command, state);
        if (typeof outcome === "string") continue;
        state = outcome.reduce(evolve, state);
        const again = command.type === "CreateReservation" ? "reservation-exists" : [];
        expect(outcomeOf(command, state), `${command.type} again`).toStrictEqual(again);
      }
      const obeyed = state.status === "none" ? "not one" : "one at least";
      expect(obeyed, "commands that were obeyed").toBe("one at least");
    },
    story: (commands) => ({
      given: "no reservation",
      when: [...commands.map(commandInWords), "are decided, each twice in a row"],
      wanted: "the creation is obeyed; the second time no event, or reservation-exists",
      costs: "an impatient guest presses the button twice, and gets two confirmation mails",
    }),
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
