/** How an event looks as a row of the table `events`. */

import type pg from "pg";
import type { DomainEvent, EventEnvelope, EventMetadata } from "../../shared/kernel/event.ts";

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
  readonly recorded_at: Date;
}

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
    recordedAt: row.recorded_at.toISOString(),
  };
}
