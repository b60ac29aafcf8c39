/** Brings the read model up to the store without the bus: at a start, or after a queue was lost. */

import type { Pool } from "pg";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import type { Queryable } from "../03-event-store/rows.ts";
import { project } from "./projection.ts";

/**
 * Reads the whole store and projects what is missing; answers how many events were. Beside running
 * consumers it does no harm. It keeps one batch in memory, and what was projected already costs one
 * query for the whole batch.
 */
export async function catchUp(
  pool: Pool,
  store: EventStore,
  batchSize = 500,
  projectOne = (event: EventEnvelope): Promise<void> => project(pool, store, event),
): Promise<number> {
  let projected = 0;
  let batch: EventEnvelope[] = [];
  const projectBatch = async (): Promise<void> => {
    const missing = await notYetProjected(pool, batch);
    for (const event of missing) await projectOne(event);
    projected += missing.length;
    batch = [];
  };
  for await (const event of store.readAll({ pageSize: batchSize })) {
    batch.push(event);
    if (batch.length >= batchSize) await projectBatch();
  }
  await projectBatch();
  return projected;
}

async function notYetProjected(
  db: Queryable,
  batch: readonly EventEnvelope[],
): Promise<readonly EventEnvelope[]> {
  const { rows } = await db.query<{ stream_id: string; version: number }>(
    "select stream_id, version from projected_streams where stream_id = any($1)",
    [[...new Set(batch.map((event) => event.streamId))]],
  );
  const reached = new Map(rows.map((row) => [row.stream_id, row.version]));
  return batch.filter((event) => event.version > (reached.get(event.streamId) ?? 0));
}
