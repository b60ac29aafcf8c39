/** The event store on PostgreSQL: append at the end of a stream, read one stream, read them all. */

import type pg from "pg";
import type { EventEnvelope, NewEvent } from "../../shared/kernel/event.ts";
import type {
  AppendResult,
  ReadAllOptions,
  ReadStreamOptions,
} from "../../shared/kernel/event-store.ts";
import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import type { Queryable } from "./rows.ts";

/**
 * Appends the batch at the end of the stream, as a whole or not at all.
 *
 * Of two writers of one stream the second may fail on the constraint of (stream_id, version);
 * step 04 makes that a decision of the writer.
 */
export async function appendToStream(
  pool: pg.Pool,
  streamId: string,
  events: readonly NewEvent[],
): Promise<AppendResult> {
  // TODO: refuse what cannot be stored (assertStreamId, assertStorable; an empty batch:
  // InvalidEvent of the path "events").
  // Then one transaction on one connection of the pool: find the stream's version,
  // insertEvent at the versions after it; give the connection back whatever happens, and let the client's
  // "error" have a listener until then: a lost connection says so by that event, too
  throw new NotImplemented("appendToStream");
}

/** Reads a stream in the order of its versions: the next page only once the last is consumed. */
export async function* readStream(
  db: Queryable,
  streamId: string,
  { fromVersion = 1, pageSize = 1_024 }: ReadStreamOptions = {},
): AsyncGenerator<EventEnvelope> {
  // TODO: assertStreamId, assertVersion, assertPageSize; then page after page, each starting after the last version of the one before;
  // a page that is not full is the last
  throw new NotImplemented("readStream");
}

/**
 * Reads all streams in the order of their positions. An event whose transaction commits after one
 * with a higher position was read is missed: step 06 shows it, and repairs it.
 */
export async function* readAll(
  db: Queryable,
  { after = 0n, pageSize = 1_024 }: ReadAllOptions = {},
): AsyncGenerator<EventEnvelope> {
  // TODO: as above, by position: a bigint, and it stays one
  throw new NotImplemented("readAll");
}
