/**
 * Replay: from recorded events to the state that they add up to, now or at any moment before.
 *
 * A history may be an array or a generator that is read once, and is read no further than needed.
 */

import { InvalidHistory, InvalidVersion } from "../../shared/kernel/errors.ts";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { evolve, initialState } from "../01-aggregate/reservation.ts";
import type { Reservation, ReservationEvent } from "../01-aggregate/reservation-types.ts";
import { type Change, differences } from "./change.ts";
import { toMilliseconds } from "./instant.ts";

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
  // BEGIN SOLUTION: refuse an event that is not the next of its stream; fold the others, from `from` on
  let { state, version } = from;
  let streamId = streamOf(state);
  for (const event of history) {
    streamId ??= event.streamId;
    assertNext(event, streamId, version + 1);
    state = evolve(state, event);
    version = event.version;
  }
  return { state, version };
  // END SOLUTION
}

/**
 * The state right after the event with this version; 0 is before the first.
 * @throws InvalidVersion when `version` is negative or not a whole number
 * @throws InvalidHistory when the history ends before that version, or is not one
 */
export function stateAtVersion(history: Iterable<RecordedEvent>, version: number): Reservation {
  // BEGIN SOLUTION: replay up to and with this version; read no event after it
  if (!Number.isSafeInteger(version) || version < 0) throw new InvalidVersion(version);
  function* upToVersion(): Iterable<RecordedEvent> {
    if (version === 0) return;
    for (const event of history) {
      yield event;
      if (event.version >= version) return;
    }
  }
  const { state, version: last } = replay(upToVersion());
  if (last < version) throw new InvalidHistory("ends-early", streamOf(state), version, last);
  return state;
  // END SOLUTION
}

/**
 * The state as it was known just before this moment. What was recorded at the moment itself is not in it.
 * @throws InvalidHistory, RangeError when `time` is not an instant
 */
export function stateBefore(history: Iterable<RecordedEvent>, time: string): Reservation {
  // BEGIN SOLUTION: replay until the first event that was not recorded before `time` (see toMilliseconds)
  const end = toMilliseconds(time);
  function* untilEnd(): Iterable<RecordedEvent> {
    for (const event of history) {
      if (toMilliseconds(event.recordedAt) >= end) return;
      yield event;
    }
  }
  return replay(untilEnd()).state;
  // END SOLUTION
}

/** What each event of a history changed. */
export function explain(history: Iterable<RecordedEvent>): readonly Change[] {
  // BEGIN SOLUTION: replay event by event; compare the states before and after each (see differences)
  const changes: Change[] = [];
  let before = startOfHistory;
  for (const event of history) {
    const after = replay([event], before);
    const { version, type, recordedAt } = event;
    changes.push({ version, type, recordedAt, changed: differences(before.state, after.state) });
    before = after;
  }
  return changes;
  // END SOLUTION
}

/** The stream that a state comes from: a reservation's id is its stream's id. */
function streamOf(state: Reservation): string | undefined {
  return state.status === "none" ? undefined : state.reservationId;
}

// BEGIN SOLUTION
function assertNext(event: RecordedEvent, streamId: string, expected: number): void {
  if (event.streamId !== streamId) {
    throw new InvalidHistory("foreign-event", streamId, expected, event.version);
  }
  if (event.version > expected) {
    throw new InvalidHistory("gap", streamId, expected, event.version);
  }
  if (event.version < expected) {
    throw new InvalidHistory("duplicate", streamId, expected, event.version);
  }
}
// END SOLUTION
