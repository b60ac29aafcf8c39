/** Is the whole read model what all events add up to? Given. */

import type { Pool } from "pg";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import { type Replayed, startOfHistory } from "../02-replay/replay.ts";
import type { Queryable } from "../03-event-store/rows.ts";
import {
  type Cursor,
  listReservations,
  type ReservationRow,
} from "../08-projections/reservations-view.ts";
import { inTransaction } from "../08-projections/transaction.ts";
import { replayStored } from "../11-versioning/replay-stored.ts";
import { belongsToBookings } from "../12-saga/deciders.ts";
import { agree } from "./comparison.ts";

export interface Verdict {
  readonly reservations: number;
  /** Those whose row is not what the events add up to that it has seen. */
  readonly different: readonly string[];
  /** Those whose row has not seen all events yet. */
  readonly behind: number;
  readonly events: number;
  readonly milliseconds: number;
}

/** Replays every reservation as far as its row has come, and compares field by field. */
export async function compareAll(pool: Pool, store: EventStore): Promise<Verdict> {
  const started = performance.now();
  // First the rows, at one moment; the events up to there are stored by then.
  const { rows, versions } = await inTransaction(pool, async (client) => {
    await client.query("set transaction isolation level repeatable read read only");
    return { rows: await allRows(client), versions: await allVersions(client) };
  });
  const replayed = new Map<string, Replayed>();
  const newest = new Map<string, number>();
  let events = 0;
  for await (const event of store.readAll()) {
    events += 1;
    if (belongsToBookings(event)) continue;
    const { streamId, version } = event;
    newest.set(streamId, version);
    if (version > (versions.get(streamId) ?? 0)) continue;
    replayed.set(streamId, replayStored([event], replayed.get(streamId)));
  }
  const ids = [...newest.keys()];
  const isDifferent = (id: string): boolean =>
    !agree((replayed.get(id) ?? startOfHistory).state, rows.get(id));
  // A row without any event counts, too.
  const orphans = [...rows.keys()].filter((id) => !newest.has(id));
  return {
    reservations: ids.length,
    different: [...ids.filter(isDifferent), ...orphans].slice(0, 20),
    behind: ids.filter((id) => (newest.get(id) ?? 0) > (versions.get(id) ?? 0)).length,
    events,
    milliseconds: Math.round(performance.now() - started),
  };
}

async function allRows(db: Queryable): Promise<ReadonlyMap<string, ReservationRow>> {
  const rows = new Map<string, ReservationRow>();
  let after: Cursor | undefined;
  do {
    const page = await listReservations(db, { limit: 200, ...(after && { after }) });
    for (const row of page.reservations) rows.set(row.reservationId, row);
    after = page.next;
  } while (after);
  return rows;
}

async function allVersions(db: Queryable): Promise<ReadonlyMap<string, number>> {
  const { rows } = await db.query<{ stream_id: string; version: number }>(
    "select stream_id, version from projected_streams",
  );
  return new Map(rows.map((row) => [row.stream_id, row.version]));
}
