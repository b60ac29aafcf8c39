/** How far each part of the way is: figures for a picture, read from outside. Given. */

import type { Queryable } from "../03-event-store/rows.ts";

export interface Figures {
  readonly stored: { readonly events: number; readonly position: string };
  /** How far the relay's checkpoint is, and how many events lie behind it. */
  readonly relayed: { readonly position: string; readonly waiting: number };
  readonly projected: { readonly events: number; readonly position: string };
  /** What the read model has not seen, and how old the oldest of it is. */
  readonly lag: { readonly events: number; readonly milliseconds: number };
}

interface FiguresRow {
  readonly events: string;
  readonly position: string;
  readonly relay_position: string;
  readonly relay_waiting: string;
  readonly projected_events: string;
  readonly projected_position: string;
  readonly lag_ms: number;
}

/**
 * One query, so that the figures are of one moment. It goes along streams and never through all events:
 * a stream's version is the number of its events.
 */
export async function readFigures(db: Queryable): Promise<Figures> {
  const { rows } = await db.query<FiguresRow>({
    name: "lab-figures",
    text: `
      with relay as (
        select transaction_id, position from relay_checkpoints where relay = 'relay'
        union all
        select '0'::xid8, 0 where not exists (select from relay_checkpoints where relay = 'relay')
      ), behind as (
        select streams.stream_id, coalesce(projected.version, 0) as version
          from streams left join projected_streams as projected using (stream_id)
         where streams.version > coalesce(projected.version, 0)
      )
      select (select coalesce(sum(version), 0) from streams)            as events,
             (select coalesce(max(position), 0) from events)            as position,
             (select position from relay)                               as relay_position,
             (select count(*)
                from (select
                        from events, relay
                       where (events.transaction_id, events.position) > (relay.transaction_id, relay.position)
                       limit 100000) as waiting)                        as relay_waiting,
             (select coalesce(sum(version), 0) from projected_streams)  as projected_events,
             (select coalesce(max(position), 0) from projected_streams) as projected_position,
             (select coalesce(extract(epoch from clock_timestamp() - min(recorded_at)) * 1000, 0)::float8
                from behind join events
                  on events.stream_id = behind.stream_id and events.version = behind.version + 1) as lag_ms`,
    values: [],
  });
  const [row] = rows;
  if (!row) throw new Error("PostgreSQL has given no figures.");
  const events = Number(row.events);
  const projected = Number(row.projected_events);
  return {
    stored: { events, position: row.position },
    relayed: { position: row.relay_position, waiting: Number(row.relay_waiting) },
    projected: { events: projected, position: row.projected_position },
    lag: { events: Math.max(0, events - projected), milliseconds: Math.round(row.lag_ms) },
  };
}

/** The streams with the newest events, newest first. */
export async function newestStreams(
  db: Queryable,
  limit = 40,
): Promise<readonly { readonly streamId: string; readonly version: number }[]> {
  const { rows } = await db.query<{ stream_id: string; version: number }>(
    `select stream_id, max(version) as version
       from (select stream_id, version, position from events order by position desc limit 2000) as newest
      group by stream_id
      order by max(position) desc
      limit $1`,
    [limit],
  );
  return rows.map((row) => ({ streamId: row.stream_id, version: row.version }));
}
