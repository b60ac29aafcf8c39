/** The append as three short statements, of which a writer's expectation chooses one. */

import type { NewEvent } from "../../../../shared/kernel/event.ts";
import type { AppendResult, ExpectedVersion } from "../../../../shared/kernel/event-store.ts";
import type { Queryable } from "../../../../solutions/03-event-store/rows.ts";
import { batchAsJson } from "../../../../solutions/04-concurrency/batch.ts";
import { isUniqueViolation } from "../../../../solutions/04-concurrency/unique-violation.ts";

/** Appends if the stream is at the expected version; undefined, with nothing written, where it is not. */
export async function compareAndAppend(
  db: Queryable,
  streamId: string,
  events: readonly NewEvent[],
  expected: ExpectedVersion,
): Promise<AppendResult | undefined> {
  try {
    const { rows } = await db.query<{ version: number; position: string }>({
      ...statementFor(expected),
      values: [streamId, batchAsJson(events), events.length, ...exactly(expected)],
    });
    const last = rows.at(-1);
    if (!last) return undefined;
    return { streamId, version: last.version, position: BigInt(last.position), repeated: false };
  } catch (error) {
    if (isUniqueViolation(error, "events_event_id_key")) return undefined;
    throw error;
  }
}

interface Statement {
  readonly name: string;
  readonly text: string;
}

function statementFor(expected: ExpectedVersion): Statement {
  if (expected === "any") return appendToAny;
  if (expected === "no-stream" || expected === 0) return appendToNew;
  return expected === "stream-exists" ? appendToExisting : appendAtVersion;
}

function exactly(expected: ExpectedVersion): readonly number[] {
  return typeof expected === "number" && expected > 0 ? [expected] : [];
}

/** The second half of each statement: no row in `stream`, no events. */
const insertEvents = `
  insert into events (event_id, stream_id, version, type, schema_version, data, metadata)
  select event_id, $1, stream.version - $3 + index, type, schema_version, data, metadata
    from stream,
         rows from (json_to_recordset($2::json)
           as (event_id uuid, type text, schema_version smallint, data jsonb, metadata jsonb)
         ) with ordinality as event (event_id, type, schema_version, data, metadata, index)
   order by index
  returning version, position`;

// An update that finds the row locked waits, then compares with what the other has committed.
const appendAtVersion: Statement = {
  name: "append-at-version",
  text: `with stream as (
           update streams set version = version + $3::integer
            where stream_id = $1 and version = $4::bigint
           returning version
         ) ${insertEvents}`,
};

const appendToExisting: Statement = {
  name: "append-to-existing",
  text: `with stream as (
           update streams set version = version + $3::integer
            where stream_id = $1
           returning version
         ) ${insertEvents}`,
};

const appendToNew: Statement = {
  name: "append-to-new",
  text: `with stream as (
           insert into streams (stream_id, version) values ($1, $3::integer)
               on conflict (stream_id) do nothing
           returning version
         ) ${insertEvents}`,
};

const appendToAny: Statement = {
  name: "append-to-any",
  text: `with stream as (
           insert into streams as stream (stream_id, version) values ($1, $3::integer)
               on conflict (stream_id) do update
              set version = stream.version + excluded.version
           returning version
         ) ${insertEvents}`,
};
