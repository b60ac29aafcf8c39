/** The event store whose append is one statement: no connection is borrowed, no transaction opened. */

import type pg from "pg";
import { InvalidEvent } from "../../../../shared/kernel/errors.ts";
import type { EventEnvelope, NewEvent } from "../../../../shared/kernel/event.ts";
import type {
  AppendResult,
  ReadAllOptions,
  ReadStreamOptions,
} from "../../../../shared/kernel/event-store.ts";
import {
  type EventRow,
  eventColumns,
  type Queryable,
  toEnvelope,
} from "../../../../solutions/03-event-store/rows.ts";
import {
  assertPageSize,
  assertStorable,
  assertStreamId,
  assertVersion,
} from "../../../../solutions/03-event-store/storable.ts";

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
  assertStreamId(streamId);
  if (events.length === 0) throw new InvalidEvent("events", "is an empty batch");
  events.forEach(assertStorable);
  const batch = events.map(({ id, type, schemaVersion, data, metadata }) => ({
    ...{ event_id: id, type, schema_version: schemaVersion, data, metadata },
  }));
  // One statement is a transaction by itself: all of the batch is stored, or nothing.
  const { rows } = await pool.query<{ version: number; position: string }>(
    `insert into events (event_id, stream_id, version, type, schema_version, data, metadata)
     select event_id, $1, last.version + index, type, schema_version, data, metadata
       from (select coalesce(max(version), 0) as version from events where stream_id = $1) as last,
            rows from (json_to_recordset($2::json)
              as (event_id uuid, type text, schema_version smallint, data jsonb, metadata jsonb)
            ) with ordinality as event (event_id, type, schema_version, data, metadata, index)
      order by index
     returning version, position`,
    [streamId, JSON.stringify(batch)],
  );
  const { version = 0, position = "0" } = rows.at(-1) ?? {};
  return { streamId, version, position: BigInt(position), repeated: false };
}

/** Reads a stream in the order of its versions: the next page only once the last is consumed. */
export async function* readStream(
  db: Queryable,
  streamId: string,
  { fromVersion = 1, pageSize = 1_024 }: ReadStreamOptions = {},
): AsyncGenerator<EventEnvelope> {
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
}

/**
 * Reads all streams in the order of their positions. An event whose transaction commits after one
 * with a higher position was read is missed: step 06 shows it, and repairs it.
 */
export async function* readAll(
  db: Queryable,
  { after = 0n, pageSize = 1_024 }: ReadAllOptions = {},
): AsyncGenerator<EventEnvelope> {
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
}
