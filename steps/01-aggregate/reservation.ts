/**
 * The aggregate: all rules about one reservation, in two pure functions.
 *
 * `decide` says what a command leads to, or refuses it. `evolve` takes down what an event changed.
 * Neither reads a clock, a random number, the locale or the environment.
 */

import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import type { Reservation, ReservationCommand, ReservationEvent } from "./reservation-types.ts";

/** Before the first event. */
export const initialState: Reservation = { status: "none" };

/** The state after this event. An event is a fact: it is taken down, never judged. */
export function evolve(state: Reservation, event: ReservationEvent): Reservation {
  // TODO: one case per event; return a new state, never change the old one
  throw new NotImplemented("evolve");
}

/**
 * What happens because of this command: its events, or `[]` where all is already as it asks.
 * @throws DomainError when the domain says no
 */
export function decide(
  command: ReservationCommand,
  state: Reservation,
): readonly ReservationEvent[] {
  // TODO: one case per command; return its events, [] for nothing to do, or throw a DomainError
  throw new NotImplemented("decide");
}

/** Closes a switch: when a new event or command has no case yet, this line does not compile. */
function assertNever(unknown: never): never {
  throw new TypeError(`No code here knows ${JSON.stringify(unknown)}.`);
}
