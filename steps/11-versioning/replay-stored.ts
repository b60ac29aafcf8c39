/**
 * Replay of what is stored, however old it is. The rows are checked, the events are folded: a
 * version belongs to a row, and a row may hold more than one event.
 */

import type { EventEnvelope } from "../../shared/kernel/event.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import { type Replayed, startOfHistory } from "../02-replay/replay.ts";

/**
 * The state after these rows of one stream, continued from an earlier replay, and the version of the
 * last row: the version at which to append.
 * @throws InvalidHistory when a row is not the next one of its stream
 * @throws UnknownEventType, UnknownSchemaVersion
 */
export function replayStored(
  history: Iterable<EventEnvelope>,
  from: Replayed = startOfHistory,
): Replayed {
  // TODO: upcast each row and replay what comes of it by step 02, which refuses a version that
  // is not the next. All events of a row have its version: replay each from the version before the row
  throw new NotImplemented("replayStored");
}

/** Reads a stream and folds it while it comes: the `load` of step 05, for rows of any age. */
export async function load(store: EventStore, streamId: string): Promise<Replayed> {
  let replayed = startOfHistory;
  for await (const row of store.readStream(streamId)) replayed = replayStored([row], replayed);
  return replayed;
}
