/**
 * Replay: from recorded events to the state that they add up to, now or at any moment before.
 *
 * A history may be an array or a generator that is read once, and is read no further than needed.
 */

import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import { initialState } from "../01-aggregate/reservation.ts";
import type { Reservation, ReservationEvent } from "../01-aggregate/reservation-types.ts";
import type { Change } from "./change.ts";

type RecordedEvent = EventEnvelope<ReservationEvent>;

/** A state, and the version of the last event in it. */
export interface Replayed {
  readonly state: Reservation;
  readonly version: number;
}

/** Before the first event. */
export const startOfHistory: Replayed = { state: initialState, version: 0 };

/**
 * The state after these events, continued from an earlier replay of the same stream.
 * @throws InvalidHistory when an event is not the next one of its stream
 */
export function replay(
  history: Iterable<RecordedEvent>,
  from: Replayed = startOfHistory,
): Replayed {
  // TODO: refuse an event that is not the next of its stream; fold the others, from `from` on
  throw new NotImplemented("replay");
}

/**
 * The state right after the event with this version; 0 is before the first.
 * @throws InvalidVersion when `version` is negative or not a whole number
 * @throws InvalidHistory when the history ends before that version, or is not one
 */
export function stateAtVersion(history: Iterable<RecordedEvent>, version: number): Reservation {
  // TODO: replay up to and with this version; read no event after it
  throw new NotImplemented("stateAtVersion");
}

/**
 * The state as it was known just before this moment. What was recorded at the moment itself is not in it.
 * @throws InvalidHistory, RangeError when `time` is not an instant
 */
export function stateBefore(history: Iterable<RecordedEvent>, time: string): Reservation {
  // TODO: replay until the first event that was not recorded before `time` (see toMilliseconds)
  throw new NotImplemented("stateBefore");
}

/** What each event of a history changed. */
export function explain(history: Iterable<RecordedEvent>): readonly Change[] {
  // TODO: replay event by event; compare the states before and after each (see differences)
  throw new NotImplemented("explain");
}

/** The stream that a state comes from: a reservation's id is its stream's id. */
function streamOf(state: Reservation): string | undefined {
  return state.status === "none" ? undefined : state.reservationId;
}
