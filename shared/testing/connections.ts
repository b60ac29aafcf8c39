/** Pools and connections that are watched, held up or exchanged, to make rare moments certain. */

import type pg from "pg";
import { expect } from "vitest";
import type { Queryable } from "../../solutions/03-event-store/rows.ts";

/** The SQL of what was handed to `query`. */
export function textOf(query: unknown): string {
  return String(Object(query).text ?? query);
}

/** How many of the pool's connections are in someone's hands. */
export function checkedOut(pool: pg.Pool): number {
  return pool.totalCount - pool.idleCount;
}

/**
 * What the pool's connections say to nobody while they are in someone's hands: outside of a test, where
 * pools are not as quiet, each of these errors would end the process. Call it before the first connection.
 */
export function unheardErrors(pool: pg.Pool): readonly Error[] {
  const unheard: Error[] = [];
  pool.on("acquire", (client) => {
    client.removeAllListeners("error");
    client.on("error", (error) => {
      if (client.listenerCount("error") === 1) unheard.push(error);
    });
  });
  return unheard;
}

export interface Watched {
  readonly db: Queryable;
  /** What was asked, one entry for each round trip. */
  readonly queries: readonly unknown[];
  /** How many rows came back so far. */
  rowsRead(): number;
}

/** Counts the queries that pass through, and the rows that come back. */
export function watched(db: Queryable): Watched {
  const queries: unknown[] = [];
  let rows = 0;
  return {
    db: intercept(db, async (query, pass) => {
      queries.push(query);
      const result = await pass();
      rows += result.rows.length;
      return result;
    }),
    queries,
    rowsRead: () => rows,
  };
}

/** Runs `meanwhile` once, after this many queries have passed and before the next one does. */
export function interrupted<Db extends Queryable>(
  db: Db,
  after: number,
  meanwhile: () => Promise<unknown>,
): Db {
  let passed = 0;
  return intercept(db, async (_query, pass) => {
    if (passed === after) await meanwhile();
    passed += 1;
    return pass();
  });
}

/** More than any test sends; a loop without an end gets there before the test's time is over. */
const farTooMany = 500;

/** The pool, until so many queries have passed that there is no end in sight: then each one fails. */
export function unlessEndless(pool: pg.Pool): pg.Pool {
  let sent = 0;
  return intercept(pool, async (_query, pass) => {
    if (sent >= farTooMany) expect.fail(`${sent} statements were sent, and no end in sight`);
    sent += 1;
    return pass();
  });
}

/**
 * The pool, with `pool.query` on another connection each time, as on a busy server. A transaction
 * needs one connection from its beginning to its end: `pool.connect()`.
 */
export async function restless(pool: pg.Pool): Promise<{ pool: pg.Pool; end(): Promise<void> }> {
  const others = [await pool.connect(), await pool.connect()] as const;
  let turn = 0;
  const db = intercept(pool, (_query, _pass, args) => {
    turn += 1;
    return Reflect.apply(others[turn % 2 === 0 ? 0 : 1].query, others[turn % 2], args);
  });
  return {
    pool: db,
    end: async () => {
      for (const client of others) {
        await client.query("rollback");
        client.release();
      }
    },
  };
}

export interface Counted {
  readonly pool: pg.Pool;
  /** How many queries were sent and not answered yet. */
  unanswered(): number;
  /** How many have had their answer, or their error. */
  answered(): number;
}

/** Counts what is on its way, by the pool itself and by the connections that it lends. */
export function counted(pool: pg.Pool): Counted {
  let open = 0;
  let closed = 0;
  const count = (_query: unknown, pass: () => Result): Result => {
    open += 1;
    const answer = pass();
    const close = (): void => {
      open -= 1;
      closed += 1;
    };
    answer.then(close, close);
    return answer;
  };
  const connect = async (): Promise<pg.PoolClient> => intercept(await pool.connect(), count);
  const lending = overriding(pool, { connect });
  return { pool: intercept(lending, count), unanswered: () => open, answered: () => closed };
}

/** Resolves when `work` waits for a lock that another connection to its database holds, or is done. */
export async function blockedOrDone(pool: pg.Pool, work: Promise<unknown>): Promise<void> {
  let done = false;
  const settle = (): void => {
    done = true;
  };
  work.then(settle, settle);
  const waiting = `select from pg_stat_activity
                    where datname = current_database() and wait_event_type = 'Lock'`;
  await expect
    .poll(async () => done || (await pool.query(waiting)).rowCount === 1, {
      timeout: 10_000,
      interval: 5,
    })
    .toBe(true);
}

type Result = Promise<pg.QueryResult>;

/** `db` with another `query`; everything else is its own. */
export function intercept<Db extends Queryable>(
  db: Db,
  query: (query: unknown, pass: () => Result, args: unknown[]) => Result,
): Db {
  return new Proxy(db, {
    get(target, property) {
      if (property !== "query") {
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === "function" ? value.bind(target) : value;
      }
      return (...args: unknown[]) =>
        query(args[0], () => Reflect.apply(target.query, target, args) as Result, args);
    },
  });
}

/** `target` with these methods in place of its own. */
export function overriding<T extends object>(
  target: T,
  methods: Readonly<Record<string, unknown>>,
): T {
  return new Proxy(target, {
    get(object, key) {
      if (typeof key === "string" && Object.hasOwn(methods, key)) return methods[key];
      const value: unknown = Reflect.get(object, key, object);
      return typeof value === "function" ? value.bind(object) : value;
    },
  });
}
