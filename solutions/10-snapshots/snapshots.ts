/** Keeps the newest snapshot of each stream. What comes out can be trusted, or does not come out. */

import type { Queryable } from "../03-event-store/rows.ts";
import { checksumOf, type Snapshot, type SnapshotRow, stateSchema, toRow } from "./snapshot.ts";

/** The stream's snapshot; undefined where there is none that this code may believe. */
export async function findSnapshot(db: Queryable, streamId: string): Promise<Snapshot | undefined> {
  // BEGIN SOLUTION: one row by stream and stateSchema; trust it only if its checksum is that of what it says
  const { rows } = await db.query<SnapshotRow>({
    name: "find-snapshot",
    text: `select stream_id, state_schema, version, event_id, state, checksum
             from snapshots
            where stream_id = $1 and state_schema = $2`,
    values: [streamId, stateSchema],
  });
  const row = rows[0];
  if (!row || row.checksum !== checksumOf(row)) return undefined;
  const { version, event_id: eventId, state } = row;
  return { streamId, version, eventId, state: JSON.parse(state) };
  // END SOLUTION
}

/** Keeps the snapshot, unless a newer one of the stream is kept already. */
export async function saveSnapshot(db: Queryable, snapshot: Snapshot): Promise<void> {
  const row = toRow(snapshot);
  // BEGIN SOLUTION: one statement that inserts the row, or overwrites the one of this stream and state_schema,
  // but never one with a higher version: who is late must lose, whoever looked first
  await db.query({
    name: "save-snapshot",
    text: `insert into snapshots as kept (stream_id, state_schema, version, event_id, state, checksum)
           values ($1, $2, $3, $4, $5, $6)
           on conflict (stream_id, state_schema) do update
              set version = excluded.version, event_id = excluded.event_id, state = excluded.state,
                  checksum = excluded.checksum, taken_at = excluded.taken_at
            where kept.version <= excluded.version`,
    values: [row.stream_id, row.state_schema, row.version, row.event_id, row.state, row.checksum],
  });
  // END SOLUTION
}
