/** Why an append wrote nothing: the version that the stream is at, or that it was written before. */

import type { NewEvent } from "../../shared/kernel/event.ts";
import type { AppendResult } from "../../shared/kernel/event-store.ts";
import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import type { Queryable } from "../03-event-store/rows.ts";

export interface StoredEvent {
  readonly id: string;
  readonly streamId: string;
  readonly version: number;
  /** A string: JSON's numbers would lose digits. */
  readonly position: string;
}

/** The stream's version, 0 when it is not there, and what is stored of these events, by position. */
export async function findObstacle(
  db: Queryable,
  streamId: string,
  events: readonly NewEvent[],
): Promise<{ readonly actual: number; readonly stored: readonly StoredEvent[] }> {
  const { rows } = await db.query<{ actual: number; stored: readonly StoredEvent[] }>({
    name: "find-obstacle",
    text: `select coalesce((select version from streams where stream_id = $1), 0) as actual,
                  (select coalesce(json_agg(json_build_object(
                            'id', event_id, 'streamId', stream_id,
                            'version', version, 'position', position::text) order by position), '[]')
                     from events
                    where event_id = any ($2::uuid[])) as stored`,
    values: [streamId, events.map((event) => event.id)],
  });
  return rows[0] ?? { actual: 0, stored: [] };
}

/**
 * The result of the append that stored these very events: all of them, in this stream, in this
 * order, one after the other. Undefined when none of them is stored.
 * @throws DuplicateEvent when they are stored in any other way, or an id is in the batch twice
 */
export function earlierAppend(
  streamId: string,
  events: readonly NewEvent[],
  stored: readonly StoredEvent[],
): AppendResult | undefined {
  // TODO: compare the batch with what is stored, one by one
  throw new NotImplemented("earlierAppend");
}
