/** Replay as one loop that every function shares: it is told when to stop, before or behind an event. */

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

interface Stops {
  readonly before?: (event: RecordedEvent) => boolean;
  readonly behind?: (event: RecordedEvent) => boolean;
  readonly onEvent?: (event: RecordedEvent, before: Reservation, after: Reservation) => void;
}

export function replay(
  history: Iterable<RecordedEvent>,
  from: Replayed = startOfHistory,
): Replayed {
  return fold(history, from, {});
}

export function stateAtVersion(history: Iterable<RecordedEvent>, version: number): Reservation {
  if (!Number.isSafeInteger(version) || version < 0) throw new InvalidVersion(version);
  if (version === 0) return initialState;
  const reached = fold(history, startOfHistory, { behind: (event) => event.version >= version });
  if (reached.version === version) return reached.state;
  throw new InvalidHistory("ends-early", streamOf(reached.state), version, reached.version);
}

export function stateBefore(history: Iterable<RecordedEvent>, time: string): Reservation {
  const end = toMilliseconds(time);
  const before = ({ recordedAt }: RecordedEvent): boolean => toMilliseconds(recordedAt) >= end;
  return fold(history, startOfHistory, { before }).state;
}

export function explain(history: Iterable<RecordedEvent>): readonly Change[] {
  const changes: Change[] = [];
  fold(history, startOfHistory, {
    onEvent: ({ version, type, recordedAt }, before, after) => {
      changes.push({ version, type, recordedAt, changed: differences(before, after) });
    },
  });
  return changes;
}

function fold(
  history: Iterable<RecordedEvent>,
  from: Replayed,
  { before = () => false, behind = () => false, onEvent = () => {} }: Stops,
): Replayed {
  let reached = from;
  let streamId = streamOf(from.state);
  for (const event of history) {
    if (before(event)) break;
    streamId ??= event.streamId;
    const state = evolve(reached.state, expectNext(event, streamId, reached.version + 1));
    onEvent(event, reached.state, state);
    reached = { state, version: event.version };
    if (behind(event)) break;
  }
  return reached;
}

function expectNext(event: RecordedEvent, streamId: string, expected: number): RecordedEvent {
  const { version } = event;
  if (event.streamId === streamId && version === expected) return event;
  const outOfOrder = version > expected ? "gap" : "duplicate";
  const reason = event.streamId === streamId ? outOfOrder : "foreign-event";
  throw new InvalidHistory(reason, streamId, expected, version);
}

function streamOf(state: Reservation): string | undefined {
  return state.status === "none" ? undefined : state.reservationId;
}
