/**
 * given a state, when a command is decided, then exactly these events, or a refusal.
 *
 * Exact means: number, order and every field of the events, and nothing else.
 */

import { expect } from "vitest";
import { DomainError } from "../kernel/errors.ts";
import { deepFreeze } from "./deep-freeze.ts";

interface Then<Event> {
  thenDecides(...events: readonly Event[]): void;
  thenDecidesNothing(): void;
  /** Refused with a DomainError of this code; any other error fails the test as it is. */
  thenRefuses(code: string): void;
}

/** `given` for one decider: `const given = givenFor(decide)`. State and command are frozen before they are passed. */
export function givenFor<Command, State, Event>(
  decide: (command: Command, state: State) => readonly Event[],
): (state: State) => { when(command: Command): Then<Event> } {
  return (state) => ({
    when: (command) => {
      const outcome = (): readonly Event[] => decide(deepFreeze(command), deepFreeze(state));
      return {
        thenDecides: (...events) => expect(outcome()).toStrictEqual(events),
        thenDecidesNothing: () => expect(outcome()).toStrictEqual([]),
        thenRefuses: (code) => expect(refusalOf(outcome)).toBe(code),
      };
    },
  });
}

function refusalOf(outcome: () => readonly unknown[]): string {
  try {
    const events = outcome();
    return `not refused: ${JSON.stringify(events)}`;
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
}
