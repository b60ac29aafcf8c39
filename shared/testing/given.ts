/**
 * given a state, when a command is decided, then exactly these events, or a refusal.
 *
 * Exact means: number, order and every field of the events, and nothing else.
 */

import { expect } from "vitest";
import type {
  Reservation,
  ReservationCommand,
  ReservationEvent,
} from "../../solutions/01-aggregate/reservation-types.ts";
import { DomainError } from "../kernel/errors.ts";
import { deepFreeze } from "./deep-freeze.ts";
import { commandInWords, eventInWords, stateInWords } from "./in-words.ts";
import { story } from "./story.ts";

const twice =
  "whoever asks twice gets two mails and two facts where one is true, or an error for what has worked";

interface Then {
  thenDecides(...events: readonly ReservationEvent[]): void;
  thenDecidesNothing(): void;
  /** Refused with a DomainError of this code; any other error fails the test as it is. */
  thenRefuses(code: string): void;
}

/** `given` for one decider: `const given = givenFor(decide)`. State and command are frozen before they are passed. */
export function givenFor(
  decide: (command: ReservationCommand, state: Reservation) => readonly ReservationEvent[],
): (state: Reservation) => { when(command: ReservationCommand): Then } {
  return (state) => ({
    when: (command) => {
      const outcome = (wanted: readonly string[], costs?: string): readonly ReservationEvent[] => {
        const told = { given: stateInWords(state), when: commandInWords(command), wanted };
        story(costs === undefined ? told : { ...told, costs });
        return decide(deepFreeze(command), deepFreeze(state));
      };
      return {
        thenDecides: (...events) => expect(outcome(events.map(eventInWords))).toStrictEqual(events),
        thenDecidesNothing: () => expect(outcome(["no event: []"], twice)).toStrictEqual([]),
        thenRefuses: (code) =>
          expect(refusalOf(() => outcome([`refused, with the code ${code}`]))).toBe(code),
      };
    },
  });
}

function refusalOf(outcome: () => readonly unknown[]): string {
  try {
    return `not refused, but decided: ${decisionInWords(outcome())}`;
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    if (!(error instanceof Error)) return `no DomainError was thrown, but ${JSON.stringify(error)}`;
    if (error.constructor === Error) return `no DomainError, but an Error: ${error.message}`;
    throw error;
  }
}

/** By name: what is in them is not what the test is about, and may be anything. */
function decisionInWords(decided: unknown): string {
  if (!Array.isArray(decided)) return `${decided}, which is no array of events`;
  return decided.length === 0 ? "[]" : decided.map((event) => event?.type).join(", ");
}
