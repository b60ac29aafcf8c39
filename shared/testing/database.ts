/** A database of its own for a test file. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, inject } from "vitest";
import { InfrastructureMissing } from "../infrastructure/ladder.ts";
import { borrowDatabase, type LentDatabase } from "../infrastructure/own-database.ts";
import { joinRun } from "../infrastructure/run.ts";

export interface TestDatabase {
  /** A pool of at most ten connections. */
  readonly pool: pg.Pool;
  /**
   * Another one, for set-up by the reference: a connection takes a statement's name for one text only,
   * and a learner's statement may have the name that the reference's has.
   */
  readonly setUpPool: pg.Pool;
  readonly url: string;
  /** Another pool on the same database, ended after the tests. */
  newPool(options?: pg.PoolConfig): pg.Pool;
}

const lockNotAvailable = "55P03";

/**
 * Gives the test file a fresh database with the schemas of the steps 03 to `upTo`, and empties its
 * tables before each test. Call it at the top of the file or of a `describe`; use what it returns
 * inside tests and hooks.
 */
export function useDatabase(upTo: number): TestDatabase {
  let database: LentDatabase | undefined;
  let missing: InfrastructureMissing | undefined;
  let pool: pg.Pool | undefined;
  let setUpPool: pg.Pool | undefined;
  const pools = new Set<pg.Pool>();

  const url = (): string => {
    if (missing) throw missing;
    if (!database) throw new TypeError("useDatabase has a database inside tests and hooks only.");
    return database.url;
  };
  const newPool = (options: pg.PoolConfig = {}): pg.Pool => {
    const made = quietPool({ connectionString: url(), max: 10, ...options });
    pools.add(made);
    return made;
  };

  beforeAll(async () => {
    const server = inject("postgres");
    if ("missing" in server) {
      // Thrown where a test uses the database, so that each test says why it fails.
      missing = new InfrastructureMissing("postgres", server.missing);
      return;
    }
    database = await borrowDatabase(joinRun(inject("ledger")), server, schemaUpTo(upTo));
    pool = newPool();
  });

  beforeEach(async () => {
    if (pool) await emptyTables(pool);
  });

  afterEach(({ task }) => {
    if (!pool || task.result?.state !== "fail") return;
    // Its code may go on, for ever even, and would write into the next test's tables.
    pool.end().catch(() => {});
    pools.delete(pool);
    pool = newPool();
  });

  afterAll(async () => {
    // A test may have kept a connection; ending its pool would wait for it for ever. Giving the
    // database back cuts it off.
    const ended = [...pools].map((each) => each.end());
    await Promise.race([Promise.all(ended), new Promise((resolve) => setTimeout(resolve, 500))]);
    await database?.giveBack();
  });

  return {
    get pool() {
      url();
      if (!pool) throw new TypeError("useDatabase has a pool inside tests and hooks only.");
      return pool;
    },
    get setUpPool() {
      setUpPool ??= newPool();
      return setUpPool;
    },
    get url() {
      return url();
    },
    newPool,
  };
}

/**
 * A pool of which a connection that the server ends, as a forced drop does, does not end the test
 * process. `pool.end()` resolves before the server has seen its connections go, so a pool without
 * these listeners can still be hit after its end.
 */
export function quietPool(options: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool(options);
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

const solutions = join(import.meta.dirname, "../../solutions");

/** The schemas of the steps from 03 on, in order. */
function schemaUpTo(upTo: number): string {
  return readdirSync(solutions)
    .filter((step) => /^\d\d-/.test(step) && Number(step.slice(0, 2)) <= upTo)
    .sort()
    .map((step) => join(solutions, step, "schema.sql"))
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, "utf8"))
    .join("\n;\n");
}

/** Empties every table. The server itself refuses where the database is not one that a run has made. */
export async function emptyTables(pool: pg.Pool): Promise<void> {
  try {
    await pool.query(empty);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== lockNotAvailable) throw error;
    // The test before left a transaction open. It is not this test's fault.
    await pool.query(
      `select pg_terminate_backend(pid)
         from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`,
    );
    await pool.query(empty);
  }
}

/**
 * Truncating a table makes new files for it and each of its indexes, 50 ms for the last step's tables; most tests
 * leave a few rows. The locks are truncate's: they tell a transaction that was left open.
 */
const empty = `
  do $$
  declare
    each regclass;
  begin
    if current_database() !~ '^workshop_[a-z0-9]{6}_' then
      raise exception 'refused to empty %: it is no database of the workshop', current_database();
    end if;
    set local lock_timeout = '1s';
    for each in
      select format('%I.%I', schemaname, tablename) from pg_tables where schemaname = 'public'
    loop
      execute format('lock table %s in access exclusive mode', each);
      if pg_relation_size(each) > 128 * 1024 then
        execute format('truncate %s restart identity cascade', each);
      else
        execute format('delete from %s', each);
      end if;
    end loop;
    perform setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
       from pg_sequences
      where schemaname = 'public' and last_value is not null;
  end $$`;
