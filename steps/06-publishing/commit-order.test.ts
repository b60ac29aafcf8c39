import type pg from "pg";
import { afterEach, describe, expect, it } from "vitest";
import { useDatabase } from "../../shared/testing/database.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { confirmed, created, stayChanged } from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { until } from "../../shared/testing/waiting.ts";
import { readAll as readAllByPosition } from "../../solutions/03-event-store/event-store.ts";
import { postgresEventStore } from "../../solutions/04-concurrency/event-store.ts";
import {
  type CommittedEvent,
  readAllCommitted,
  readAll as readAllInPages,
  startOfStore,
} from "./commit-order.ts";
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
  costs("after a restart the relay stands elsewhere than it was, and publishes twice or never");

  it("gives each event whole, and where a reader stands after it", async () => {
    story({
      given: "reservation-1 v1 and v2, appended by one transaction",
      when: "readAllCommitted reads from the start of the store",
      wanted: [
        "both, every field as it is stored, each with its own checkpoint:",
        "{ transactionId: that of its row, position: its own }",
      ],
    });
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
    story({
      given: "one transaction appended reservation-1 v1 to v3, the next reservation-2 v1",
      when: "three pages of 2 are read, each behind the last checkpoint of the one before",
      wanted: "reservation-1 v1, v2; then reservation-1 v3, reservation-2 v1; then nothing",
      costs: "a group booking of 600 events in one transaction: the last 100 are never published",
    });
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

  it.each([1, 2, 3, 4, 5])(
    "page after page, %s events each, gives each event once",
    async (pageSize) => {
      story({
        given: "one transaction appended reservation-1 v1 to v3, the next reservation-2 v1",
        when: `readAll (given) reads all of it by your readAllCommitted, in pages of ${pageSize}`,
        wanted: "reservation-1 v1, v2, v3, then reservation-2 v1, each once",
      });
      await append(database.pool, "reservation-1", "A", "B", "C");
      await append(database.pool, "reservation-2", "D");
      await waitFor(["reservation-2 v1"], async () =>
        (await readAllCommitted(database.pool)).slice(3),
      );

      const all = await collect(readAllInPages(database.pool, { pageSize }));

      expect(named(all), "in all pages come").toEqual([
        "reservation-1 v1",
        "reservation-1 v2",
        "reservation-1 v3",
        "reservation-2 v1",
      ]);
    },
  );

  it("shows no event whose transaction is still open, and none that is rolled back", async () => {
    story({
      given: "a transaction that is open has appended reservation-1 v1",
      when: [
        "that transaction itself reads, though it would see its own row;",
        "then it is rolled back, reservation-2 v1 committed, and all is read",
      ],
      wanted: "first nothing: it is still open; then reservation-2 v1 alone",
      costs: "a guest gets the confirmation of a reservation that was rolled back",
    });
    const transaction = await beginTransaction();
    await append(transaction, "reservation-1", "A");
    const seen = await readAllCommitted(transaction);
    expect(named(seen), "while the transaction is open, it reads").toEqual([]);

    await transaction.query("rollback");
    await append(database.pool, "reservation-2", "B");

    await waitFor(["reservation-2 v1"], () => readAllCommitted(database.pool));
  });
});

describe("an event that commits late", () => {
  costs("31 cancellations in a month are never published: rooms are made up for nobody");

  it("is lost to a reader by position, and not in commit order", async () => {
    story({
      given: [
        "the night audit has appended reservation-1 at position 1, is open;",
        "the website has appended reservation-2 at position 2, committed",
      ],
      when: "it is read, by position and in commit order; the audit commits; it is read again",
      wanted: [
        "by position: reservation-2, and never reservation-1",
        "in commit order: first nothing, then reservation-1 and reservation-2",
      ],
    });
    const early = await beginTransaction();
    await append(early, "reservation-1", "A");
    await append(database.pool, "reservation-2", "B");

    // Position 1 is not committed: a reader by position takes 2, and remembers that it was there.
    const seen = await collect(readAllByPosition(database.setUpPool));
    const inCommitOrder = await readAllCommitted(database.pool);
    await early.query("commit");
    const after = seen.at(-1)?.position ?? 0n;
    const seenLater = await collect(readAllByPosition(database.setUpPool, { after }));

    const byPosition = [...seen, ...seenLater].map(({ streamId }) => streamId);
    expect(byPosition, "by position, before and after the commit, come").toEqual(["reservation-2"]);
    expect(named(inCommitOrder), "with the earlier transaction open, in commit order").toEqual([]);
    await waitFor(["reservation-1 v1", "reservation-2 v1"], () => readAllCommitted(database.pool));
  });

  it("is shown also when its position is before the checkpoint's", async () => {
    story({
      given: [
        "of two transactions the younger appends reservation-1 at position 1,",
        "then the older appends reservation-2 at position 2, and commits",
      ],
      when: [
        "it is read, up to the checkpoint (older, 2);",
        "the younger commits, and what is behind that checkpoint is read",
      ],
      wanted: "reservation-1 v1: the pair (younger, 1) comes after (older, 2)",
    });
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
    story({
      given: [
        "a younger transaction appends reservation-1 v1 and commits,",
        "then an older one appends v2 and v3 and commits",
      ],
      when: "all is read in commit order",
      wanted: "reservation-1 v1, v2, v3: by transaction_id as it is stored, then by position",
      costs: "housekeeping hears that a stay was changed before it hears of the reservation",
    });
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
    story({
      given: [
        "the night audit has appended reservation-1, and is open;",
        "behind it reservation-2 is committed",
      ],
      when: "it is read in commit order, and horizonLag is asked",
      wanted: "nothing is read; 1 event waits for night-audit, idle in transaction",
    });
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
  costs("each page looks at every event since the opening: after a year the relay falls behind");

  it("is found by the index, without a look at the pages before it", async () => {
    story({
      given: "3,000 events in three streams",
      when: "PostgreSQL explains how it reads the 10 events behind the 2,501st",
      wanted: [
        "by the index events_in_commit_order: nothing is left to sort,",
        "and no row is looked at that is not on the page",
      ],
    });
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
    const scans = plan.match(/\w+ Scan(?: \w+)*/g)?.join(", ");
    expect(scans, "how PostgreSQL finds the rows").toContain("events_in_commit_order");
    const besides = plan.match(/Sort Key.*|Rows Removed by Filter.*/g) ?? [];
    expect(besides, "what PostgreSQL does besides to find one page").toEqual([]);
  });
});
