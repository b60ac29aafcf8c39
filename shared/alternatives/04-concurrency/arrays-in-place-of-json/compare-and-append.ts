/** The same statement with an array for each column, in place of one JSON text for the batch. */

import pg from "pg";
import type { NewEvent } from "../../../../shared/kernel/event.ts";
import type { AppendResult, ExpectedVersion } from "../../../../shared/kernel/event-store.ts";
import type { Queryable } from "../../../../solutions/03-event-store/rows.ts";
import { isUniqueViolation } from "../../../../solutions/04-concurrency/unique-violation.ts";

/**
 * Appends if the stream is at the expected version, in one round trip. Returns undefined, with
 * nothing written, when it is not, or when one of the events is stored already.
 */
export async function compareAndAppend(
  db: Queryable,
  streamId: string,
  events: readonly NewEvent[],
  expected: ExpectedVersion,
): Promise<AppendResult | undefined> {
  // An update that finds the row locked waits, then compares with what the other has committed.
  const mustExist = expected === "stream-exists" || (typeof expected === "number" && expected > 0);
  const exactly = typeof expected === "number" ? expected : null;
  // Who comes late has locked the row and written nothing. To wait for the disk with that lock in
  // hand would make all behind it wait, too: without it a hot stream is half as fast again.
  const isOwnTransaction = db instanceof pg.Pool;
  try {
    // Named, so that PostgreSQL plans it once.
    const { rows } = await db.query<{ version: number; position: string }>({
      name: "append-to-stream",
      text: `with moved as (
               update streams
                  set version = version + $3::integer
                where $4::boolean and stream_id = $1 and version = coalesce($6::bigint, version)
               returning version
             ), created as (
               insert into streams as stream (stream_id, version)
               select $1, $3 where not $4
                   on conflict (stream_id) do update
                  set version = stream.version + excluded.version
                where $5::boolean
               returning version
             ), stream as (
               select version from moved union all select version from created
             ), late as (
               select set_config('synchronous_commit', 'off', true)
                where $7::boolean and not exists (select from stream)
             )
             insert into events (event_id, stream_id, version, type, schema_version, data, metadata)
             select event_id, $1, stream.version - $3 + index, type, schema_version, data, metadata
               from stream,
                    unnest($2::uuid[], $8::text[], $9::smallint[], $10::jsonb[], $11::jsonb[])
                      with ordinality as event (event_id, type, schema_version, data, metadata, index)
              where not exists (select from late)
              order by index
             returning version, position`,
      values: [
        streamId,
        events.map(({ id }) => id),
        events.length,
        mustExist,
        expected === "any",
        exactly,
        isOwnTransaction,
        events.map(({ type }) => type),
        events.map(({ schemaVersion }) => schemaVersion),
        events.map(({ data }) => JSON.stringify(data)),
        events.map(({ metadata }) => JSON.stringify(metadata)),
      ],
    });
    const last = rows.at(-1);
    return (
      last && { streamId, version: last.version, position: BigInt(last.position), repeated: false }
    );
  } catch (error) {
    if (isUniqueViolation(error, "events_event_id_key")) return undefined;
    throw error;
  }
}
