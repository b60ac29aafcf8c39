/** The event store whose two readers are one: they differ in a query, and share how pages follow each other. */

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
  insertEvent,
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
  const client = await pool.connect();
  // A connection that is lost also says so by an event, which ends the process where nobody listens.
  const ignore = (): void => undefined;
  client.on("error", ignore);
  let broken: Error | undefined;
  try {
    await client.query("begin");
    const { rows } = await client.query<{ version: number }>(
      "select coalesce(max(version), 0) as version from events where stream_id = $1",
      [streamId],
    );
    let version = rows[0]?.version ?? 0;
    let position = 0n;
    for (const event of events) {
      version += 1;
      position = await insertEvent(client, streamId, version, event);
    }
    await client.query("commit");
    return { streamId, version, position, repeated: false };
  } catch (error) {
    await client.query("rollback").catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    client.off("error", ignore);
    // A connection that cannot even roll back is closed, not reused.
    client.release(broken);
  }
}

/** Reads a stream in the order of its versions. */
export async function* readStream(
  db: Queryable,
  streamId: string,
  { fromVersion = 1, pageSize = 1_024 }: ReadStreamOptions = {},
): AsyncGenerator<EventEnvelope> {
  assertStreamId(streamId);
  assertVersion(fromVersion);
  yield* pages(pageSize, async (last) => {
    const { rows } = await db.query<EventRow>({
      name: "read-stream",
      text: `select ${eventColumns}
               from events
              where stream_id = $1 and version > $2::bigint
              order by version
              limit $3`,
      values: [streamId, last?.version ?? fromVersion - 1, pageSize],
    });
    return rows;
  });
}

/** Reads all streams in the order of their positions. */
export async function* readAll(
  db: Queryable,
  { after = 0n, pageSize = 1_024 }: ReadAllOptions = {},
): AsyncGenerator<EventEnvelope> {
  yield* pages(pageSize, async (last) => {
    const { rows } = await db.query<EventRow>({
      name: "read-all",
      text: `select ${eventColumns}
               from events
              where position > $1
              order by position
              limit $2`,
      values: [last?.position ?? after, pageSize],
    });
    return rows;
  });
}

/** Page after page: `fetch` gets the last event of the page before, and answers the rows behind it. */
async function* pages(
  pageSize: number,
  fetch: (last: EventEnvelope | undefined) => Promise<readonly EventRow[]>,
): AsyncGenerator<EventEnvelope> {
  assertPageSize(pageSize);
  let last: EventEnvelope | undefined;
  for (;;) {
    const rows = await fetch(last);
    for (const row of rows) {
      last = toEnvelope(row);
      yield last;
    }
    if (rows.length < pageSize) return;
  }
}
