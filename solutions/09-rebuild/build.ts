/**
 * The build: a second set of the read model's tables, beside the live ones. Given.
 *
 * It is a schema of PostgreSQL, a folder for tables. In it they have the names that they will have
 * when they are live, and so have their indexes and constraints: nothing is renamed in the end.
 */

import { readFile } from "node:fs/promises";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { type EventRow, eventColumns, type Queryable, toEnvelope } from "../03-event-store/rows.ts";
import {
  type Checkpoint,
  type CommittedEvent,
  startOfStore,
} from "../06-publishing/commit-order.ts";
import type { Projection } from "./projection.ts";
import { transactionOn } from "./transaction-on.ts";

/** The read model's tables, in the order in which the live projection locks them. */
export const tables = ["projected_streams", "reservations_view", "hotel_occupancy"] as const;

export interface Build {
  /** The last event that is in it. */
  readonly checkpoint: Checkpoint;
  /** How many are. */
  readonly done: number;
}

/** Goes on with the build that an interrupted rebuild of this version has left, or begins a new one. */
export async function openBuild(client: Queryable, projection: Projection): Promise<Build> {
  return transactionOn(client, async () => {
    if ((await versionOfBuild(client)) !== projection.version) await beginBuild(client, projection);
    return loadBuild(client);
  });
}

/** Where the build stands. */
export async function loadBuild(client: Queryable): Promise<Build> {
  const { rows } = await client.query<{ transaction_id: string; position: string; done: string }>(
    "select transaction_id, position, done from rebuild.build",
  );
  const row = rows[0];
  if (!row) throw new Error("There is no build: openBuild begins one.");
  return {
    checkpoint: { transactionId: BigInt(row.transaction_id), position: BigInt(row.position) },
    done: Number(row.done),
  };
}

/** Says that so many events more are in the build, up to this one. */
export async function moveBuild(
  client: Queryable,
  { transactionId, position }: Checkpoint,
  events: number,
): Promise<void> {
  await client.query(
    "update rebuild.build set transaction_id = $1, position = $2, done = done + $3",
    [transactionId, position, events],
  );
}

/**
 * Runs `work` where `reservations_view` means the build's table. The live ones are out of sight: one
 * that the build has not got is an error there, never a write to the live one.
 */
export async function inBuild<T>(client: Queryable, work: () => Promise<T>): Promise<T> {
  await client.query("set local search_path to rebuild");
  const { rows } = await client.query<{ schema: string | null }>(
    "select current_schema() as schema",
  );
  if (rows[0]?.schema !== "rebuild") {
    throw new Error(
      "No transaction is open here, so `set local` had no effect, and the live tables would be written to. " +
        "Nothing was: call this inside transactionOn.",
    );
  }
  const result = await work();
  // A failure ends the transaction, and `local` with it.
  await client.query("set local search_path to default");
  return result;
}

/** Writes how far each stream is, once for all of these events. Inside `inBuild`. */
export async function writeStreams(
  client: Queryable,
  events: readonly EventEnvelope[],
): Promise<void> {
  const last = new Map(events.map((event) => [event.streamId, event]));
  const streams = [...last.values()];
  await client.query(
    `insert into projected_streams (stream_id, version, position)
     select * from unnest($1::text[], $2::integer[], $3::bigint[])
     on conflict (stream_id) do update set version = excluded.version, position = excluded.position`,
    [
      streams.map(({ streamId }) => streamId),
      streams.map(({ version }) => version),
      streams.map(({ position }) => position),
    ],
  );
}

/**
 * All that is committed and not in the build, batch by batch, also what step 06's horizon still
 * holds back. For the last stretch only: what commits later, the live projection gets from the bus.
 */
export async function* readTheRest(
  client: Queryable,
  batchSize = 500,
): AsyncGenerator<readonly CommittedEvent[]> {
  let { checkpoint } = await loadBuild(client);
  for (;;) {
    const { rows } = await client.query<EventRow & { readonly transaction_id: string }>(
      `select transaction_id, ${eventColumns}
         from events
        where (transaction_id, position) > ($1::xid8, $2::bigint)
        order by transaction_id, position
        limit $3`,
      [checkpoint.transactionId, checkpoint.position, batchSize],
    );
    const batch = rows.map((row) => ({
      event: toEnvelope(row),
      checkpoint: {
        transactionId: BigInt(row.transaction_id),
        position: BigInt(row.position),
      },
    }));
    const last = batch.at(-1);
    if (!last) return;
    yield batch;
    checkpoint = last.checkpoint;
  }
}

/** How many events are stored and not in the build. */
export async function countTheRest(client: Queryable, { checkpoint }: Build): Promise<number> {
  const { rows } = await client.query<{ events: string }>(
    "select count(*) as events from events where (transaction_id, position) > ($1::xid8, $2::bigint)",
    [checkpoint.transactionId, checkpoint.position],
  );
  return Number(rows[0]?.events ?? 0);
}

/** Without it the planner knows nothing of the new tables, and reads them from end to end at first. */
export async function analyzeBuild(client: Queryable): Promise<void> {
  for (const table of tables) await client.query(`analyze rebuild.${table}`);
}

async function versionOfBuild(client: Queryable): Promise<number | undefined> {
  const { rows: found } = await client.query(
    "select where to_regclass('rebuild.build') is not null",
  );
  if (found.length === 0) return undefined;
  const { rows } = await client.query<{ version: number }>("select version from rebuild.build");
  return rows[0]?.version;
}

async function beginBuild(client: Queryable, projection: Projection): Promise<void> {
  await client.query("drop schema if exists rebuild cascade");
  await client.query("create schema rebuild");
  await client.query(
    `create table rebuild.build (
       version        integer not null,
       transaction_id xid8    not null,
       position       bigint  not null,
       done           bigint  not null
     )`,
  );
  await client.query(
    "insert into rebuild.build (version, transaction_id, position, done) values ($1, $2, $3, 0)",
    [projection.version, startOfStore.transactionId, startOfStore.position],
  );
  await inBuild(client, async () => {
    for (const file of projection.tables) await client.query(await readFile(file, "utf8"));
  });
}
