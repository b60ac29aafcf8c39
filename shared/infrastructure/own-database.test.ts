import pg from "pg";
import { afterEach, describe, expect, inject, it } from "vitest";
import { readLedger } from "./ledger.ts";
import { borrowDatabase, type LentDatabase } from "./own-database.ts";
import { joinRun } from "./run.ts";

const schema = "create table guests (id bigint generated always as identity, name text)";

const server = inject("postgres");
// What other tests of the same run give back must not come into it.
const { newName, id, ...others } = joinRun(inject("ledger"));
const ownId = id.split("").toReversed().join("");
const run = { ...others, id: ownId, newName: () => newName().replace(id, ownId) };

const lent = new Set<LentDatabase>();
const clients = new Set<pg.Client>();

afterEach(async () => {
  for (const client of clients) await client.end().catch(() => {});
  for (const each of lent) await each.giveBack();
  clients.clear();
  lent.clear();
});

describe("a database that was given back", () => {
  it("is lent again, with the schema that is asked for and nothing else", async () => {
    const first = await borrow();
    const before = await connected(first);
    const oid = await oidOf(before);
    await before.query(`
      insert into guests (name) values ('Ada');
      alter table guests add column email text;
      create schema rebuild;
      create table rebuild.guests (id bigint);
      create table rooms (id bigint);
      create function rooms_free() returns bigint language sql as 'select 1::bigint'`);
    await before.end();
    await giveBack(first);

    const after = await connected(await borrow());

    expect(await oidOf(after)).toBe(oid);
    expect(await namesIn(after)).toEqual(["guests", "guests.id", "guests.name"]);
    expect(
      (await after.query("insert into guests (name) values ('Ada') returning id")).rows,
    ).toEqual([{ id: "1" }]);
  });

  it("is out of reach for code that goes on with the old address", async () => {
    const first = await borrow();
    await giveBack(first);
    await borrow();

    await expect(connected(first)).rejects.toThrow(/database ".*" does not exist/);
  });

  it("has cut off whoever was connected", async () => {
    const first = await borrow();
    const before = await connected(first);
    await giveBack(first);

    await expect(before.query("select 1")).rejects.toThrow();
  });

  it("is lent to one only", async () => {
    for (const each of [await borrow(), await borrow()]) await giveBack(each);

    const both = await Promise.all([borrow(), borrow()]);

    const oids = await Promise.all(both.map(async (each) => oidOf(await connected(each))));
    expect(new Set(oids).size).toBe(2);
  });

  it.skipIf("isPrivate" in server && server.isPrivate)("goes away with the run", async () => {
    await giveBack(await borrow());

    const { pending = [] } = readLedger(inject("ledger")) ?? {};
    expect(pending).toContainEqual(
      expect.objectContaining({ kind: "database", name: expect.stringContaining("_free_") }),
    );
  });
});

it("a schema that is wrong is an error, whether there is a database to be had or not", async () => {
  for (const each of [await borrow(), await borrow()]) await giveBack(each);

  for (const _ of [1, 2, 3]) {
    await expect(borrow("create tabel guests ()")).rejects.toThrow(
      'syntax error at or near "tabel"',
    );
  }
});

async function borrow(sql = schema): Promise<LentDatabase> {
  if ("missing" in server) throw new Error(server.missing);
  const database = await borrowDatabase(run, server, sql);
  lent.add(database);
  return database;
}

async function giveBack(database: LentDatabase): Promise<void> {
  lent.delete(database);
  await database.giveBack();
}

async function connected({ url }: LentDatabase): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {}); // cut off, as some tests want it
  clients.add(client);
  await client.connect();
  return client;
}

async function oidOf(client: pg.Client): Promise<number | undefined> {
  const { rows } = await client.query<{ oid: number }>(
    "select oid from pg_database where datname = current_database()",
  );
  return rows[0]?.oid;
}

/** Functions, tables and their columns, of all schemas. */
async function namesIn(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(`
    select name
      from (select table_schema, table_name as name from information_schema.tables
            union all
            select table_schema, table_name || '.' || column_name from information_schema.columns
            union all
            select routine_schema, routine_name || '()' from information_schema.routines) as all_names
     where table_schema not in ('pg_catalog', 'information_schema')
     order by name`);
  return rows.map(({ name }) => name);
}
