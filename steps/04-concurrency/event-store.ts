/** The event store with optimistic concurrency: whoever appends says which version it has read. */

import type { NewEvent } from "../../shared/kernel/event.ts";
import type { AppendResult, EventStore, ExpectedVersion } from "../../shared/kernel/event-store.ts";
import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import { readAll, readStream } from "../03-event-store/event-store.ts";
import type { Queryable } from "../03-event-store/rows.ts";

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
  // TODO: refuse what cannot be stored; compareAndAppend; when it wrote nothing, ask
  // findObstacle why: an earlier append of the same events, or a conflict?
  throw new NotImplemented("appendToStream");
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
