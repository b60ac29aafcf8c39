import type pg from "pg";
import { describe, expect, inject, it } from "vitest";
import { noteOn } from "../infrastructure/own-database.ts";
import { joinRun } from "../infrastructure/run.ts";
import { emptyTables, quietPool, useDatabase } from "./database.ts";

const database = useDatabase(3);
const another = useDatabase(3);

const event = {
  text: `insert into events (event_id, stream_id, version, type, schema_version, data, metadata)
         values (gen_random_uuid(), 'reservation-1', 1, 'Happened', 1, '{}', '{}')
         returning position`,
};

describe("a test file's database", () => {
  it("has the schemas of the steps up to the one that was named", async () => {
    const { rows } = await database.pool.query<{ tablename: string }>(
      "select tablename from pg_tables where schemaname = 'public'",
    );

    expect(rows.map(({ tablename }) => tablename)).toEqual(["events"]);
  });

  it("is another one than that of other tests", async () => {
    expect(database.url).not.toBe(another.url);
    await database.pool.query(event);

    const { rowCount } = await another.pool.query("select from events");
    expect(rowCount).toBe(0);
  });

  it.each([1, 2])("is empty before each test, its positions too (%i)", async () => {
    const { rows } = await database.pool.query(event);

    expect(rows).toEqual([{ position: "1" }]);
  });

  it.each([1, 2])("is so where a test has left thousands of rows, too (%i)", async () => {
    const { rows } = await database.pool.query(
      `with inserted as (
         insert into events (event_id, stream_id, version, type, schema_version, data, metadata)
         select gen_random_uuid(), 'reservation-1', version, 'Happened', 1, '{}', '{}'
           from generate_series(1, 2000) as version
         returning position)
       select min(position), max(position) from inserted`,
    );

    expect(rows).toEqual([{ min: "1", max: "2000" }]);
  });

  let forgotten: pg.PoolClient;
  it("may be left with an open transaction", async () => {
    forgotten = await database.newPool({ max: 1 }).connect();
    await forgotten.query("begin");
    const { rowCount } = await forgotten.query(event);

    expect(rowCount).toBe(1);
  });

  it("which does not keep the next test waiting, but is cut off", async () => {
    const { rowCount } = await database.pool.query(event);

    expect(rowCount).toBe(1);
    await expect(forgotten.query("commit")).rejects.toThrow();
  });

  let goOn: () => Promise<unknown>;
  it.fails("may be left by a test that fails, and whose code goes on", async () => {
    const { pool } = database;
    goOn = () => pool.query(event);
    await goOn();

    expect("what it does").toBe("what was asked for");
  });

  it("which does not reach the next test's tables", async () => {
    await expect(goOn()).rejects.toThrow("after calling end on the pool");
    const { rowCount } = await database.pool.query("select from events");

    expect(rowCount).toBe(0);
  });
});

it("a database that no run has made is never emptied", async () => {
  const server = inject("postgres");
  if ("missing" in server) throw new Error(server.missing);
  const run = joinRun(inject("ledger"));
  const name = `hotel_${run.newName()}`;
  const isGone = noteOn(run, server, {
    kind: "database",
    server: server.url,
    name,
  });
  await database.pool.query(`create database ${name}`);
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  const theirs = quietPool({ connectionString: url.href });
  try {
    await theirs.query("create table guests (name text); insert into guests values ('Ada')");

    await expect(emptyTables(theirs)).rejects.toThrow(
      `refused to empty ${name}: it is no database of the workshop`,
    );
    expect((await theirs.query("select name from guests")).rows).toEqual([{ name: "Ada" }]);
  } finally {
    await theirs.end();
    await database.pool.query(`drop database ${name} with (force)`);
    isGone();
  }
});
