/** What a snapshot is, and what makes one believable. */

import { createHash } from "node:crypto";
import type { Reservation } from "../01-aggregate/reservation-types.ts";

/**
 * The version of the state's shape and meaning. Raise it with each change of `evolve` or of the
 * state's type: a state that other code has folded is another state, however well it parses.
 */
export const stateSchema = 1;

/** A stream's state after the event with this version and id. */
export interface Snapshot {
  readonly streamId: string;
  readonly version: number;
  readonly eventId: string;
  readonly state: Reservation;
}

/** A snapshot as it is stored. */
export interface SnapshotRow {
  readonly stream_id: string;
  readonly state_schema: number;
  readonly version: number;
  readonly event_id: string;
  /** JSON. */
  readonly state: string;
  readonly checksum: string;
}

/** The row for a snapshot that this code has taken. */
export function toRow({ streamId, version, eventId, state }: Snapshot): SnapshotRow {
  const row = {
    stream_id: streamId,
    state_schema: stateSchema,
    version,
    event_id: eventId,
    state: JSON.stringify(state),
  };
  return { ...row, checksum: checksumOf(row) };
}

/** Of all that the row says, not of the state alone: a right state at a wrong version is wrong. */
export function checksumOf(row: Omit<SnapshotRow, "checksum">): string {
  const { stream_id, state_schema, version, event_id, state } = row;
  const said = JSON.stringify([stream_id, state_schema, version, event_id, state]);
  return createHash("sha256").update(said, "utf8").digest("hex");
}
