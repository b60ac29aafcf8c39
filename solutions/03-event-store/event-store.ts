/** The event store on PostgreSQL: append at the end of a stream, read one stream, read them all. */

import type pg from "pg";
import { InvalidEvent } from "../../shared/kernel/errors.ts";
import type { EventEnvelope, NewEvent } from "../../shared/kernel/event.ts";
import type {
  AppendResult,
  ReadAllOptions,
  ReadStreamOptions,
} from "../../shared/kernel/event-store.ts";
import { type EventRow, eventColumns, insertEvent, type Queryable, toEnvelope } from "./rows.ts";
import { assertPageSize, assertStorable, assertStreamId, assertVersion } from "./storable.ts";

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
  // BEGIN SOLUTION: refuse what cannot be stored (assertStreamId, assertStorable; an empty batch:
  // InvalidEvent of the path "events").
  // Then one transaction on one connection of the pool: find the stream's version,
  // insertEvent at the versions after it; give the connection back whatever happens, and let the client's
  // "error" have a listener until then: a lost connection says so by that event, too
  assertStreamId(streamId);
  if (events.length === 0) throw new InvalidEvent("events", "is an empty batch");
  events.forEach(assertStorable);
  const client = await pool.connect();
  // A connection that is lost also says so by an event, which ends the process where nobody listens.
  const ignore = (): void => undefined;
  client.on("error", ignore);
  let broken: Error | undefined;
  try {
    await client.query("begin");
    const { rows } = await client.query<{ version: number }>(
      "select coalesce(max(version), 0) as version from events where stream_id = $1",
      [streamId],
    );
    let version = rows[0]?.version ?? 0;
    let position = 0n;
    for (const event of events) {
      version += 1;
      position = await insertEvent(client, streamId, version, event);
    }
    await client.query("commit");
    return { streamId, version, position, repeated: false };
  } catch (error) {
    await client.query("rollback").catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    client.off("error", ignore);
    // A connection that cannot even roll back is closed, not reused.
    client.release(broken);
  }
  // END SOLUTION
}

/** Reads a stream in the order of its versions: the next page only once the last is consumed. */
export async function* readStream(
  db: Queryable,
  streamId: string,
  { fromVersion = 1, pageSize = 1_024 }: ReadStreamOptions = {},
): AsyncGenerator<EventEnvelope> {
  // BEGIN SOLUTION: assertStreamId, assertVersion, assertPageSize; then page after page, each starting after the last version of the one before;
  // a page that is not full is the last
  assertStreamId(streamId);
  assertVersion(fromVersion);
  assertPageSize(pageSize);
  let next = fromVersion;
  for (;;) {
    const { rows } = await db.query<EventRow>({
      name: "read-stream",
      text: `select ${eventColumns}
               from events
              where stream_id = $1 and version >= $2::bigint
              order by version
              limit $3`,
      values: [streamId, next, pageSize],
    });
    for (const row of rows) {
      yield toEnvelope(row);
      next = row.version + 1;
    }
    if (rows.length < pageSize) return;
  }
  // END SOLUTION
}

/**
 * Reads all streams in the order of their positions. An event whose transaction commits after one
 * with a higher position was read is missed: step 06 shows it, and repairs it.
 */
export async function* readAll(
  db: Queryable,
  { after = 0n, pageSize = 1_024 }: ReadAllOptions = {},
): AsyncGenerator<EventEnvelope> {
  // BEGIN SOLUTION: as above, by position: a bigint, and it stays one
  assertPageSize(pageSize);
  let last = after;
  for (;;) {
    const { rows } = await db.query<EventRow>({
      name: "read-all",
      text: `select ${eventColumns}
               from events
              where position > $1
              order by position
              limit $2`,
      values: [last, pageSize],
    });
    for (const row of rows) {
      const envelope = toEnvelope(row);
      yield envelope;
      last = envelope.position;
    }
    if (rows.length < pageSize) return;
  }
  // END SOLUTION
}
