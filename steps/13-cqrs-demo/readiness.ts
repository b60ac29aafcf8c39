/** What the API needs to do its work, and how far the parts behind it are. Given. */

import { connect } from "amqplib";
import type { Readiness } from "../../shared/api/health.ts";
import type { Queryable } from "../03-event-store/rows.ts";

export interface Lag {
  /** Position of the newest event; 0 where there is none. */
  readonly storePosition: bigint;
  /** Up to which the relay has published. */
  readonly relayPosition: bigint;
  /** Of the newest 1,000 events, how many are not published yet. */
  readonly notPublished: number;
  /** Of the newest 1,000 events, how many the read model has not seen yet. */
  readonly notProjected: number;
}

/** How far relay and projector are behind the store. */
export async function lagOf(db: Queryable): Promise<Lag> {
  const { rows } = await db.query<{
    store: string;
    relay: string;
    unpublished: number;
    unprojected: number;
  }>(
    `with newest as (
       select stream_id, version, transaction_id, position from events order by position desc limit 1000
     ), relay as (
       select transaction_id, position from relay_checkpoints where relay = 'relay'
     )
     select coalesce((select max(position) from newest), 0) as store,
            coalesce((select position from relay), 0) as relay,
            (select count(*)::integer from newest
              where (transaction_id, position) > (select transaction_id, position from relay)
                 or not exists (select from relay)) as unpublished,
            (select count(*)::integer from newest left join projected_streams as seen using (stream_id)
              where newest.version > coalesce(seen.version, 0)) as unprojected`,
  );
  const row = rows[0];
  return {
    storePosition: BigInt(row?.store ?? 0),
    relayPosition: BigInt(row?.relay ?? 0),
    notPublished: row?.unpublished ?? 0,
    notProjected: row?.unprojected ?? 0,
  };
}

/** For `/ready`. Being behind is no fault, but whoever looks wants to see it. */
export function createReadiness(db: Queryable, amqpUrl: string): () => Promise<Readiness> {
  return async () => {
    const [database, broker, lag] = await Promise.all([
      passes(async () => void (await db.query("select 1"))),
      passes(async () => (await connect(amqpUrl, { timeout: 1_500 })).close()),
      lagOf(db).catch(() => undefined),
    ]);
    return {
      database: { ok: database },
      broker: { ok: broker },
      lag: lag
        ? { ok: true, notPublished: lag.notPublished, notProjected: lag.notProjected }
        : { ok: false },
    };
  };
}

async function passes(check: () => Promise<void>): Promise<boolean> {
  try {
    await check();
    return true;
  } catch {
    return false;
  }
}
