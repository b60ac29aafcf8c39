/** The event store with optimistic concurrency: whoever appends says which version it has read. */

import { ConcurrencyConflict, InvalidEvent } from "../../shared/kernel/errors.ts";
import type { NewEvent } from "../../shared/kernel/event.ts";
import type { AppendResult, EventStore, ExpectedVersion } from "../../shared/kernel/event-store.ts";
import { readAll, readStream } from "../03-event-store/event-store.ts";
import type { Queryable } from "../03-event-store/rows.ts";
import { assertStorable, assertStreamId, assertVersion } from "../03-event-store/storable.ts";
import { compareAndAppend } from "./compare-and-append.ts";
import { earlierAppend, findObstacle } from "./earlier-append.ts";
import { isAsExpected } from "./expected-version.ts";

/**
 * Appends the batch if the stream is where the writer believes it to be, as a whole or not at all.
 * An append that was stored before is recognised by its events' ids, whatever version is expected.
 */
export async function appendToStream(
  db: Queryable,
  streamId: string,
  events: readonly NewEvent[],
  expectedVersion: ExpectedVersion,
): Promise<AppendResult> {
  // BEGIN SOLUTION: refuse what cannot be stored; compareAndAppend; when it wrote nothing, ask
  // findObstacle why: an earlier append of the same events, or a conflict?
  assertStreamId(streamId);
  if (typeof expectedVersion === "number") assertVersion(expectedVersion);
  if (events.length === 0) throw new InvalidEvent("events", "is an empty batch");
  events.forEach(assertStorable);
  for (;;) {
    const written = await compareAndAppend(db, streamId, events, expectedVersion);
    if (written) return written;
    const { actual, stored } = await findObstacle(db, streamId, events);
    const earlier = earlierAppend(streamId, events, stored);
    if (earlier) return earlier;
    if (!isAsExpected(actual, expectedVersion)) {
      throw new ConcurrencyConflict(streamId, expectedVersion, actual);
    }
    // Between the two statements the stream became what the writer had expected: begin again.
  }
  // END SOLUTION
}

/** The whole event store: appends of this step, reads of step 03. Give it a pool. */
export function postgresEventStore(db: Queryable): EventStore {
  return {
    append: (streamId, events, expectedVersion) =>
      appendToStream(db, streamId, events, expectedVersion),
    readStream: (streamId, options) => readStream(db, streamId, options),
    readAll: (options) => readAll(db, options),
  };
}
