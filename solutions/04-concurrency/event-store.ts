/** The event store with optimistic concurrency: whoever appends says which version it has read. */

import { ConcurrencyConflict, DuplicateEvent, InvalidEvent } from "../../shared/kernel/errors.ts";
import type { NewEvent } from "../../shared/kernel/event.ts";
import type { AppendResult, EventStore, ExpectedVersion } from "../../shared/kernel/event-store.ts";
import { readAll, readStream } from "../03-event-store/event-store.ts";
import type { Queryable } from "../03-event-store/rows.ts";
import { assertStorable, assertStreamId, assertVersion } from "../03-event-store/storable.ts";

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
  assertStreamId(streamId);
  if (typeof expectedVersion === "number") assertVersion(expectedVersion);
  if (events.length === 0) throw new InvalidEvent("events", "is an empty batch");
  events.forEach(assertStorable);
  // BEGIN SOLUTION: compareAndAppend; when it writes nothing, earlierAppend tells a repeat from
  // a conflict
  for (;;) {
    const written = await compareAndAppend(db, streamId, events, expectedVersion);
    if (written) return written;
    const { actual, earlier } = await whatStandsInTheWay(db, streamId, events);
    if (earlier) return earlier;
    // The stream may have come to be where it was expected a moment after we looked: look again.
    if (!isAsExpected(actual, expectedVersion)) {
      throw new ConcurrencyConflict(streamId, expectedVersion, actual);
    }
  }
  // END SOLUTION
}

/** True when a stream at version `actual` is what the writer believes it to be. */
export function isAsExpected(actual: number, expected: ExpectedVersion): boolean {
  // BEGIN SOLUTION: four kinds of expectation; 0 is a stream without events
  switch (expected) {
    case "any":
      return true;
    case "no-stream":
      return actual === 0;
    case "stream-exists":
      return actual > 0;
    default:
      return actual === expected;
  }
  // END SOLUTION
}

/** One statement, one round trip: moves the stream's version and inserts, or does neither. */
async function compareAndAppend(
  db: Queryable,
  streamId: string,
  events: readonly NewEvent[],
  expected: ExpectedVersion,
): Promise<AppendResult | undefined> {
  const mayCreate = expected === 0 || expected === "no-stream" || expected === "any";
  const mayContinue = expected !== 0 && expected !== "no-stream";
  const batch = events.map(({ id, type, schemaVersion, data, metadata }) => ({
    id,
    type,
    schemaVersion,
    data,
    metadata,
  }));
  const exactly = typeof expected === "number" ? expected : null;
  try {
    const { rows } = await db.query<{ version: number; position: string }>({
      name: "append-to-stream",
      text: `with stream as (
               insert into streams as stream (stream_id, version)
               select $1, $2::integer
                where $3::boolean or exists (select from streams where stream_id = $1)
                   on conflict (stream_id) do update
                  set version = stream.version + excluded.version
                where $4::boolean and ($5::integer is null or stream.version = $5)
               returning version
             ), inserted as (
               insert into events (event_id, stream_id, version, type, schema_version, data, metadata)
               select event.id, $1, stream.version - $2 + ordinality, event.type, event."schemaVersion", event.data, event.metadata
                 from stream,
                      rows from (json_to_recordset($6::json)
                        as (id uuid, type text, "schemaVersion" smallint, data jsonb, metadata jsonb)
                      ) with ordinality as event
                order by ordinality
               returning version, position
             )
             select max(version) as version, max(position) as position from inserted having count(*) > 0`,
      values: [streamId, events.length, mayCreate, mayContinue, exactly, JSON.stringify(batch)],
    });
    const last = rows[0];
    return (
      last && { streamId, version: last.version, position: BigInt(last.position), repeated: false }
    );
  } catch (error) {
    if (isUniqueViolationOf("events_event_id_key", error)) return undefined;
    throw error;
  }
}

/** The stream's version now, and the earlier append of the same events if there was one. */
async function whatStandsInTheWay(
  db: Queryable,
  streamId: string,
  events: readonly NewEvent[],
): Promise<{ actual: number; earlier: AppendResult | undefined }> {
  const ids = events.map((event) => event.id);
  const { rows } = await db.query<{ actual: number; stored: readonly StoredEvent[] }>({
    name: "find-earlier-append",
    text: `select coalesce((select version from streams where stream_id = $1), 0) as actual,
                  coalesce((select json_agg(json_build_object(
                                     'id', event_id, 'streamId', stream_id,
                                     'version', version, 'position', position::text)
                                   order by position)
                              from events where event_id = any($2::uuid[])), '[]') as stored`,
    values: [streamId, ids],
  });
  const { actual, stored } = rows[0] ?? { actual: 0, stored: [] };
  const first = stored[0];
  if (!first) {
    const twice = ids.find((id, index) => ids.indexOf(id) !== index);
    if (twice !== undefined) throw new DuplicateEvent(twice);
    return { actual, earlier: undefined };
  }
  const isRepeat = ids.every((id, index) => {
    const event = stored[index];
    return (
      event?.id === id && event.streamId === streamId && event.version === first.version + index
    );
  });
  const last = stored.at(-1);
  if (!isRepeat || !last) throw new DuplicateEvent(first.id);
  return {
    actual,
    earlier: { streamId, version: last.version, position: BigInt(last.position), repeated: true },
  };
}

interface StoredEvent {
  readonly id: string;
  readonly streamId: string;
  readonly version: number;
  readonly position: string;
}

/** SQLSTATE 23505. */
function isUniqueViolationOf(constraint: string, error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  return (
    "code" in error &&
    error.code === "23505" &&
    "constraint" in error &&
    error.constraint === constraint
  );
}

/** The whole event store: appends of this step, reads of step 03. */
export function postgresEventStore(db: Queryable): EventStore {
  return {
    append: (streamId, events, expectedVersion) =>
      appendToStream(db, streamId, events, expectedVersion),
    readStream: (streamId, options) => readStream(db, streamId, options),
    readAll: (options) => readAll(db, options),
  };
}
