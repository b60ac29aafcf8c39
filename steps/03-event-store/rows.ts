/** How an event looks as a row of the table `events`. */

import type pg from "pg";
import type {
  DomainEvent,
  EventEnvelope,
  EventMetadata,
  NewEvent,
} from "../../shared/kernel/event.ts";

/** A pool, or a client of one: whatever can run a query. */
export type Queryable = Pick<pg.ClientBase, "query">;

/** What pg returns for a row. It reads `bigint` as a string, because a number would lose digits. */
export interface EventRow {
  readonly position: string;
  readonly event_id: string;
  readonly stream_id: string;
  readonly version: number;
  readonly type: string;
  readonly schema_version: number;
  readonly data: DomainEvent["data"];
  readonly metadata: EventMetadata;
  readonly recorded_at: string | Date;
}

/**
 * What to select for an EventRow. A constant may stand inside the SQL, a value never. The time comes
 * as the envelope's text: a Date that is parsed only to be written again costs a quarter of a replay.
 */
export const eventColumns = `position, event_id, stream_id, version, type, schema_version, data, metadata,
  to_char(recorded_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as recorded_at`;

export function toEnvelope(row: EventRow): EventEnvelope {
  return {
    id: row.event_id,
    streamId: row.stream_id,
    version: row.version,
    position: BigInt(row.position),
    type: row.type,
    schemaVersion: row.schema_version,
    data: row.data,
    metadata: row.metadata,
    recordedAt:
      typeof row.recorded_at === "string" ? row.recorded_at : row.recorded_at.toISOString(),
  };
}

/** Inserts one event and returns its position. Values travel beside the SQL, never inside it. */
export async function insertEvent(
  db: Queryable,
  streamId: string,
  version: number,
  { id, type, schemaVersion, data, metadata }: NewEvent,
): Promise<bigint> {
  const { rows } = await db.query<{ position: string }>(
    `insert into events (event_id, stream_id, version, type, schema_version, data, metadata)
     values ($1, $2, $3, $4, $5, $6, $7)
     returning position`,
    // pg would turn an array into one of PostgreSQL's, so JSON is written here.
    [id, streamId, version, type, schemaVersion, JSON.stringify(data), JSON.stringify(metadata)],
  );
  return BigInt(rows[0]?.position ?? 0);
}
