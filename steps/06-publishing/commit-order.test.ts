import type pg from "pg";
import { afterEach, describe, expect, it } from "vitest";
import { useDatabase } from "../../shared/testing/database.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { confirmed, created, stayChanged } from "../../shared/testing/reservations.ts";
import { until } from "../../shared/testing/waiting.ts";
import { readAll as readAllByPosition } from "../../solutions/03-event-store/event-store.ts";
import { postgresEventStore } from "../../solutions/04-concurrency/event-store.ts";
import { type CommittedEvent, readAllCommitted, startOfStore } from "./commit-order.ts";
import { horizonLag } from "./horizon.ts";

const database = useDatabase(6);
const open = new Set<pg.PoolClient>();

afterEach(() => {
  for (const transaction of open) transaction.release(true);
  open.clear();
});

/** Nothing of it is visible to others before it ends, and it ends when the test says so. */
async function beginTransaction(): Promise<pg.PoolClient> {
  const client = await database.pool.connect();
  open.add(client);
  await client.query("begin");
  return client;
}

async function append(
  db: pg.Pool | pg.PoolClient,
  streamId: string,
  ...types: readonly string[]
): Promise<void> {
  const events = types.map((type) => newEvent({ type, data: { streamId } }));
  await postgresEventStore(db).append(streamId, events, "any");
}

/** `reservation-1 v2`: enough to see which events came, and in which order. */
function named(events: readonly CommittedEvent[]): readonly string[] {
  return events.map(({ event }) => `${event.streamId} v${event.version}`);
}

/** Transactions of other tests hold the horizon back for a moment: what is to appear is waited for. */
async function waitFor(
  events: readonly string[],
  read: () => Promise<readonly CommittedEvent[]>,
): Promise<void> {
  await read(); // what it throws is not waited for
  await until("in commit order come", async () => named(await read()), events);
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

describe("reading in commit order", () => {
  it("gives each event whole, and where a reader stands after it", async () => {
    const store = postgresEventStore(database.pool);
    await store.append("reservation-1", [newEvent(created), newEvent(confirmed)], "no-stream");
    const stored = await collect(store.readStream("reservation-1"));

    await waitFor(["reservation-1 v1", "reservation-1 v2"], () => readAllCommitted(database.pool));

    const events = await readAllCommitted(database.pool);
    const { rows } = await database.pool.query("select distinct transaction_id from events");
    expect(events, "the events, each with its checkpoint").toEqual(
      stored.map((event) => ({
        event,
        checkpoint: { transactionId: BigInt(rows[0].transaction_id), position: event.position },
      })),
    );
  });

  it("goes on behind the checkpoint, also inside one transaction", async () => {
    await append(database.pool, "reservation-1", "A", "B", "C");
    await append(database.pool, "reservation-2", "D");
    await waitFor(["reservation-2 v1"], async () =>
      (await readAllCommitted(database.pool)).slice(3),
    );

    const first = await readAllCommitted(database.pool, { limit: 2 });
    const after = first.at(-1)?.checkpoint ?? startOfStore;
    const second = await readAllCommitted(database.pool, { after, limit: 2 });
    const end = second.at(-1)?.checkpoint ?? startOfStore;

    expect({ first: named(first), second: named(second) }).toEqual({
      first: ["reservation-1 v1", "reservation-1 v2"],
      second: ["reservation-1 v3", "reservation-2 v1"],
    });
    const third = await readAllCommitted(database.pool, { after: end, limit: 2 });
    expect(named(third), "behind the last event come").toEqual([]);
  });

  it("shows no event whose transaction is still open, and none that is rolled back", async () => {
    const transaction = await beginTransaction();
    await append(transaction, "reservation-1", "A");
    const seen = await readAllCommitted(transaction);
    expect(named(seen), "with its transaction open, a reader sees").toEqual([]);

    await transaction.query("rollback");
    await append(database.pool, "reservation-2", "B");

    await waitFor(["reservation-2 v1"], () => readAllCommitted(database.pool));
  });
});

describe("an event that commits late", () => {
  it("is lost to a reader by position, and not in commit order", async () => {
    const early = await beginTransaction();
    await append(early, "reservation-1", "A");
    await append(database.pool, "reservation-2", "B");

    // Position 1 is not committed: a reader by position takes 2, and remembers that it was there.
    const seen = await collect(readAllByPosition(database.pool));
    const inCommitOrder = await readAllCommitted(database.pool);
    await early.query("commit");
    const after = seen.at(-1)?.position ?? 0n;
    const seenLater = await collect(readAllByPosition(database.pool, { after }));

    expect([...seen, ...seenLater].map(({ streamId }) => streamId)).toEqual(["reservation-2"]);
    expect(named(inCommitOrder), "with the earlier transaction open, in commit order").toEqual([]);
    await waitFor(["reservation-1 v1", "reservation-2 v1"], () => readAllCommitted(database.pool));
  });

  it("is shown also when its position is before the checkpoint's", async () => {
    const older = await beginTransaction();
    await older.query("select pg_current_xact_id()");
    const younger = await beginTransaction();
    await append(younger, "reservation-1", "A"); // position 1
    await append(older, "reservation-2", "B"); // position 2
    await older.query("commit");
    await waitFor(["reservation-2 v1"], () => readAllCommitted(database.pool));

    const [first] = await readAllCommitted(database.pool);
    await younger.query("commit");
    const after = first?.checkpoint ?? startOfStore;

    await waitFor(["reservation-1 v1"], () => readAllCommitted(database.pool, { after }));
  });

  it("comes after the event before it in its stream, whichever transaction is older", async () => {
    const older = await beginTransaction();
    await older.query("select pg_current_xact_id()");
    await append(database.pool, "reservation-1", "A");
    await append(older, "reservation-1", "B", "C");
    await older.query("commit");

    await waitFor(["reservation-1 v1", "reservation-1 v2", "reservation-1 v3"], () =>
      readAllCommitted(database.pool),
    );
  });

  it("holds back what was committed behind it, and the gauge names who it is", async () => {
    const pool = database.newPool({ application_name: "night-audit", max: 1 });
    const audit = await pool.connect();
    open.add(audit);
    await audit.query("begin");
    await append(audit, "reservation-1", "A");
    const pid = (await audit.query("select pg_backend_pid() as pid")).rows[0].pid;
    await append(database.pool, "reservation-2", "B");

    const seen = await readAllCommitted(database.pool);
    expect(named(seen), "with the night audit's transaction open come").toEqual([]);
    await expect
      .poll(() => horizonLag(database.pool), { timeout: 10_000 })
      .toMatchObject({
        waitingEvents: 1,
        heldBackBy: {
          pid,
          application: "night-audit",
          state: "idle in transaction",
          database: new URL(database.url).pathname.slice(1),
          query: "select pg_backend_pid() as pid",
        },
      });
  });
});

describe("a page of a large store", () => {
  it("is found by the index, without a look at the pages before it", async () => {
    const types = Array.from({ length: 1000 }, () => stayChanged.type);
    for (const stream of ["reservation-1", "reservation-2", "reservation-3"]) {
      await append(database.pool, stream, ...types);
    }
    await database.pool.query("analyze events");
    await waitFor(["reservation-3 v1000"], async () =>
      (await readAllCommitted(database.pool, { limit: 5000 })).slice(2999),
    );
    const all = await readAllCommitted(database.pool, { limit: 5000 });
    const after = all[2500]?.checkpoint ?? startOfStore;

    const plans: string[] = [];
    const explaining = {
      query: async (query: string | pg.QueryConfig, values?: readonly unknown[]) => {
        const text = typeof query === "string" ? query : query.text;
        const parameters = typeof query === "string" ? values : query.values;
        const { rows } = await database.pool.query(`explain (analyze) ${text}`, [
          ...(parameters ?? []),
        ]);
        plans.push(rows.map((row) => row["QUERY PLAN"]).join("\n"));
        return database.pool.query(text, [...(parameters ?? [])]);
      },
    };
    await readAllCommitted(explaining as Pick<pg.PoolClient, "query">, { after, limit: 10 });

    const plan = plans.join("\n");
    expect(plan, "PostgreSQL's plan names the index").toContain("events_in_commit_order");
    expect(plan, "PostgreSQL's plan reads only this page, in its order").not.toMatch(
      /Sort|Rows Removed by Filter/,
    );
  });
});
