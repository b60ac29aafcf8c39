/** The price of commit order: an old transaction holds everything behind it back. Given. */

import type { Queryable } from "../03-event-store/rows.ts";

/** The transaction that a reader in commit order waits for. */
export interface OpenTransaction {
  /** The server process that runs it; undefined for a prepared transaction, which has none. */
  readonly pid: number | undefined;
  /** What to end a prepared transaction by: `rollback prepared '...'`. */
  readonly preparedAs: string | undefined;
  /** Transactions of all databases of the server count, whatever tables they write. */
  readonly database: string | undefined;
  readonly user: string | undefined;
  readonly application: string | undefined;
  /** `idle in transaction` is the one to look for: nobody works in it, and nobody ended it. */
  readonly state: string | undefined;
  readonly query: string | undefined;
  readonly ageInSeconds: number;
}

export interface HorizonLag {
  /** Stored events that readers in commit order do not see yet. */
  readonly waitingEvents: number;
  /** The oldest open transaction that has written; undefined when there is none. */
  readonly heldBackBy: OpenTransaction | undefined;
}

/**
 * How many events wait, and for whom. Put it on a dashboard: a session that forgot to commit stops the
 * relay of every database on the server. Without the role pg_monitor, other users' sessions are not seen.
 */
export async function horizonLag(db: Queryable): Promise<HorizonLag> {
  const waiting = await db.query<{ events: number }>(
    `select count(*)::integer as events
       from events
      where transaction_id >= pg_snapshot_xmin(pg_current_snapshot())`,
  );
  const oldest = await db.query<OpenTransactionRow>(
    `select pid, null as prepared_as, datname, usename, application_name, state, query,
            extract(epoch from clock_timestamp() - xact_start)::float as age, age(backend_xid) as transactions
       from pg_stat_activity
      where backend_xid is not null and pid <> pg_backend_pid()
      union all
     select null, gid, database, owner, null, 'prepared', null,
            extract(epoch from clock_timestamp() - prepared)::float, age(transaction)
       from pg_prepared_xacts
      order by transactions desc
      limit 1`,
  );
  return {
    waitingEvents: waiting.rows[0]?.events ?? 0,
    heldBackBy: oldest.rows[0] && toOpenTransaction(oldest.rows[0]),
  };
}

/** Whether events are stored that cannot be read yet: then it is worth looking again soon. */
export async function isHeldBack(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ held_back: boolean }>({
    name: "is-held-back",
    text: `select exists (
             select from events where transaction_id >= pg_snapshot_xmin(pg_current_snapshot())
           ) as held_back`,
  });
  return rows[0]?.held_back ?? false;
}

interface OpenTransactionRow {
  readonly pid: number | null;
  readonly prepared_as: string | null;
  readonly datname: string | null;
  readonly usename: string | null;
  readonly application_name: string | null;
  readonly state: string | null;
  readonly query: string | null;
  readonly age: number;
}

function toOpenTransaction(row: OpenTransactionRow): OpenTransaction {
  return {
    pid: row.pid ?? undefined,
    preparedAs: row.prepared_as ?? undefined,
    database: row.datname ?? undefined,
    user: row.usename ?? undefined,
    application: row.application_name ?? undefined,
    state: row.state ?? undefined,
    query: row.query ?? undefined,
    ageInSeconds: row.age,
  };
}
