/** Keeps the newest snapshot of each stream. What comes out can be trusted, or does not come out. */

import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import type { Queryable } from "../03-event-store/rows.ts";
import { type Snapshot, toRow } from "./snapshot.ts";

/** The stream's snapshot; undefined where there is none that this code may believe. */
export async function findSnapshot(db: Queryable, streamId: string): Promise<Snapshot | undefined> {
  // TODO: one row by stream and stateSchema; trust it only if its checksum is that of what it says
  throw new NotImplemented("findSnapshot");
}

/** Keeps the snapshot, unless a newer one of the stream is kept already. */
export async function saveSnapshot(db: Queryable, snapshot: Snapshot): Promise<void> {
  const row = toRow(snapshot);
  // TODO: one statement that inserts the row, or overwrites the one of this stream and state_schema,
  // but never one with a higher version: who is late must lose, whoever looked first
  throw new NotImplemented("saveSnapshot");
}
