/** Replay as a sequence: a generator yields each moment of a history, and every question is one walk over it. */

import { InvalidHistory, InvalidVersion } from "../../../../shared/kernel/errors.ts";
import type { EventEnvelope } from "../../../../shared/kernel/event.ts";
import { evolve, initialState } from "../../../../solutions/01-aggregate/reservation.ts";
import type {
  Reservation,
  ReservationEvent,
} from "../../../../solutions/01-aggregate/reservation-types.ts";
import { type Change, differences } from "../../../../solutions/02-replay/change.ts";
import { toMilliseconds } from "../../../../solutions/02-replay/instant.ts";

type RecordedEvent = EventEnvelope<ReservationEvent>;

export interface Replayed {
  readonly state: Reservation;
  readonly version: number;
}

export const startOfHistory: Replayed = { state: initialState, version: 0 };

/** The state after an event, and the one before it. */
interface Moment extends Replayed {
  readonly event: RecordedEvent;
  readonly before: Reservation;
}

export function replay(
  history: Iterable<RecordedEvent>,
  from: Replayed = startOfHistory,
): Replayed {
  let { state, version } = from;
  for (const moment of moments(history, from)) ({ state, version } = moment);
  return { state, version };
}

export function stateAtVersion(history: Iterable<RecordedEvent>, version: number): Reservation {
  if (!Number.isSafeInteger(version) || version < 0) throw new InvalidVersion(version);
  if (version === 0) return initialState;
  let last: Moment | undefined;
  for (const moment of moments(history)) {
    if (moment.version === version) return moment.state;
    last = moment;
  }
  throw new InvalidHistory("ends-early", last?.event.streamId, version, last?.version ?? 0);
}

export function stateBefore(history: Iterable<RecordedEvent>, time: string): Reservation {
  const end = toMilliseconds(time);
  let state = initialState;
  // An event that is too late is not judged: it may come from anywhere.
  for (const moment of moments(earlierThan(end, history))) state = moment.state;
  return state;
}

export function explain(history: Iterable<RecordedEvent>): readonly Change[] {
  return Array.from(moments(history), ({ event, before, state }) => ({
    version: event.version,
    type: event.type,
    recordedAt: event.recordedAt,
    changed: differences(before, state),
  }));
}

/** Each moment of a history, as late as it is asked for. Throws InvalidHistory at an event that is not the next. */
function* moments(
  history: Iterable<RecordedEvent>,
  from: Replayed = startOfHistory,
): Generator<Moment> {
  let { state, version } = from;
  let streamId = state.status === "none" ? undefined : state.reservationId;
  for (const event of history) {
    streamId ??= event.streamId;
    const fault = faultOf(event, streamId, version + 1);
    if (fault) throw new InvalidHistory(fault, streamId, version + 1, event.version);
    const before = state;
    state = evolve(before, event);
    version = event.version;
    yield { event, before, state, version };
  }
}

function faultOf(
  event: RecordedEvent,
  streamId: string,
  expected: number,
): InvalidHistory["reason"] | undefined {
  if (event.streamId !== streamId) return "foreign-event";
  if (event.version === expected) return undefined;
  return event.version > expected ? "gap" : "duplicate";
}

function* earlierThan(end: number, history: Iterable<RecordedEvent>): Generator<RecordedEvent> {
  for (const event of history) {
    if (toMilliseconds(event.recordedAt) >= end) return;
    yield event;
  }
}
