/** Replay of rows of any age in two separate steps: the row is checked, then its events are folded. */

import { InvalidHistory } from "../../../../shared/kernel/errors.ts";
import type { EventEnvelope } from "../../../../shared/kernel/event.ts";
import type { EventStore } from "../../../../shared/kernel/event-store.ts";
import { evolve } from "../../../../solutions/01-aggregate/reservation.ts";
import { type Replayed, startOfHistory } from "../../../../solutions/02-replay/replay.ts";
import { upcast } from "../../../../solutions/11-versioning/upcast.ts";

export function replayStored(
  history: Iterable<EventEnvelope>,
  from: Replayed = startOfHistory,
): Replayed {
  let { state, version } = from;
  let streamId = state.status === "none" ? undefined : state.reservationId;
  for (const row of history) {
    streamId ??= row.streamId;
    expectNext(row, streamId, version + 1);
    state = upcast(row).reduce(evolve, state);
    version = row.version;
  }
  return { state, version };
}

export async function load(store: EventStore, streamId: string): Promise<Replayed> {
  let replayed = startOfHistory;
  for await (const row of store.readStream(streamId)) replayed = replayStored([row], replayed);
  return replayed;
}

function expectNext(row: EventEnvelope, streamId: string, expected: number): void {
  if (row.streamId !== streamId) {
    throw new InvalidHistory("foreign-event", streamId, expected, row.version);
  }
  if (row.version === expected) return;
  const reason = row.version > expected ? "gap" : "duplicate";
  throw new InvalidHistory(reason, streamId, expected, row.version);
}
