/**
 * The live projection of step 08, for a process that knows more than one version: it asks which one
 * is live with each event, so a swap needs no restart, and a restart no swap. Given.
 */

import type { Pool } from "pg";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import type { Queryable } from "../03-event-store/rows.ts";
import { announceProjected } from "../08-projections/projected-signal.ts";
import { MissingEvents } from "../08-projections/projection.ts";
import { inTransaction } from "../08-projections/transaction.ts";
import type { Projection } from "./projection.ts";

/**
 * Brings the live read model to this event, as `project` of step 08 does.
 * @throws UnknownProjection when another version is live than those given; nothing is written
 * @throws MissingEvents
 */
export async function projectLive(
  pool: Pool,
  store: EventStore,
  projections: readonly Projection[],
  event: EventEnvelope,
): Promise<void> {
  let reached = await applyNextLive(pool, projections, event);
  if (reached >= event.version) return;
  for await (const missing of store.readStream(event.streamId, { fromVersion: reached + 1 })) {
    reached = await applyNextLive(pool, projections, missing);
    if (reached >= event.version) return;
  }
  throw new MissingEvents(event.streamId, event.version, reached);
}

/** The version of the projection that has built what is live. */
export async function liveVersion(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ version: number }>(
    "select version from live_projections where read_model = 'reservations'",
  );
  return rows[0]?.version ?? 1;
}

async function applyNextLive(
  pool: Pool,
  projections: readonly Projection[],
  event: EventEnvelope,
): Promise<number> {
  let live: Projection | undefined;
  const reached = await inTransaction(pool, async (client) => {
    // Here a swap makes us wait, and its new table is the one that we get.
    await client.query(
      `insert into projected_streams (stream_id, version, position) values ($1, 0, 0)
       on conflict (stream_id) do nothing`,
      [event.streamId],
    );
    const { rows } = await client.query<{ version: number }>(
      "select version from projected_streams where stream_id = $1 for update",
      [event.streamId],
    );
    const before = rows[0]?.version ?? 0;
    if (event.version !== before + 1) return before;
    // After that wait, never before it: a version that was read earlier may be the one that went.
    const version = await liveVersion(client);
    live = projections.find((projection) => projection.version === version);
    if (!live) throw new UnknownProjection(version);
    await live.apply(client, [event]);
    await client.query(
      "update projected_streams set version = $2, position = $3 where stream_id = $1",
      [event.streamId, event.version, event.position],
    );
    return event.version;
  });
  if (live) {
    await live.sideEffect?.(event);
    await announceProjected(pool);
  }
  return reached;
}

/** The live tables were built by a version that this process does not know. It must not write to them. */
export class UnknownProjection extends Error {
  override readonly name = "UnknownProjection";
  readonly version: number;

  constructor(version: number) {
    super(
      `Version ${version} of the projection is live, and this process has no code for it: nothing was ` +
        "written. Deploy the process that has; what was delivered meanwhile is delivered again.",
    );
    this.version = version;
  }
}
