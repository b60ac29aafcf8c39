import { afterEach, describe, expect, it, vi } from "vitest";
import { quietPool } from "../../shared/testing/database.ts";
import { reading, type ScriptedStore, scriptedStore } from "../../shared/testing/scripted-store.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { useServers } from "../../shared/testing/system.ts";
import { isMistake, soon } from "../../shared/testing/waiting.ts";
import { type Checkpoint, startOfStore } from "../../solutions/06-publishing/commit-order.ts";
import { isHeldBack } from "../../solutions/06-publishing/horizon.ts";
import { type Live, openLive } from "./live.ts";
import { eventsAfter } from "./resolvers.ts";

// Others may use the server as well.
vi.setConfig({ testTimeout: 60_000 });

const test = useServers();

describe("a subscription to all events", () => {
  costs("the board at the desk misses one of a thousand arrivals, and nobody can say which");

  it("gets what there is and what comes, each once and in order", async () => {
    story({
      given: "two stored events",
      when: "somebody subscribes, and two more are stored while it reads and while it waits",
      wanted: "1, 2, 3, 4",
    });
    const source = scriptedStore();
    source.store(2);
    const subscriber = read(source);
    await soon(subscriber.has(2), "the stored events do not come");
    source.store(1);
    await soon(subscriber.has(3), "an event that is stored while it waits does not come");
    source.store(1);
    await soon(subscriber.has(4), "a second one does not come");
    expect(subscriber.seen).toEqual([1, 2, 3, 4]);
  });

  it("reads page after page, and waits only where there is none", async () => {
    story({
      given: "five stored events, in pages of two, and a bell that does not ring",
      when: "somebody subscribes",
      wanted: "1 to 5 before it waits",
      costs: "a page each second: who was away for a night has caught up at noon",
    });
    const source = scriptedStore();
    source.store(5);
    const subscriber = read(source);
    const all = Promise.race([subscriber.has(5), subscriber.unlessItFails(source.waiting())]);
    await soon(all, "the stored events do not come");
    expect(subscriber.seen, "what it has when it first waits").toEqual([1, 2, 3, 4, 5]);
  });

  it("waits at the bell where there is nothing to read", async () => {
    story({
      given: "an empty store",
      when: "somebody subscribes",
      wanted: "a look, and then it waits for the bell",
      costs: "each board asks the database as fast as it can answer, all night",
    });
    const source = scriptedStore();
    const subscriber = read(source);
    await soon(subscriber.unlessItFails(source.waiting()), "it does not wait at the bell");
    expect(source.reads(), "looks before it waits").toBeLessThanOrEqual(2);
  });

  it("takes one bell, however much it reads", async () => {
    story({
      given: "two stored events, which are a page",
      when: "somebody subscribes, reads them, and looks for more",
      wanted: "one bell was taken: each is kept until the subscription ends",
      costs: "a bell for each page: by the evening every event rings for a million of them",
    });
    const source = scriptedStore();
    source.store(2);
    const subscriber = read(source);
    await soon(subscriber.has(2), "the stored events do not come");
    await soon(subscriber.unlessItFails(source.waiting()), "it does not wait at the bell");
    expect(source.bells(), "bells taken").toBe(1);
  });

  it("gets what is stored between its look and its wait", async () => {
    story({
      given: "one stored event",
      when: "another is stored just as the first look ends, and the bell rings then and never again",
      wanted: "1, 2",
    });
    const source = scriptedStore();
    source.store(1);
    source.afterRead(1, () => source.store(1));
    const subscriber = read(source);
    await soon(subscriber.has(2), "what was stored while it looked does not come");
    expect(subscriber.seen).toEqual([1, 2]);
  });

  it("gets what is stored before its first look is over", async () => {
    story({
      given: "an empty store",
      when: "the first event is stored while the first look is under way, and the look does not see it",
      wanted: "1",
    });
    const source = scriptedStore();
    source.afterRead(1, () => source.store(1));
    const subscriber = read(source);
    await soon(subscriber.has(1), "what was stored during the first look does not come");
    expect(subscriber.seen).toEqual([1]);
  });

  it("begins behind a cursor", async () => {
    story({
      given: "five stored events",
      when: "somebody who has seen three subscribes behind the third",
      wanted: "4, 5",
    });
    const source = scriptedStore();
    source.store(5);
    const subscriber = read(source, { transactionId: 3n, position: 3n });
    await soon(subscriber.has(2), "the two events behind the cursor do not come");
    expect(subscriber.seen).toEqual([4, 5]);
  });

  it("reads no further than its reader has come", async () => {
    story({
      given: "many stored events, in pages of two",
      when: "the reader takes one of them, and no more",
      wanted: "one page was read",
    });
    const source = scriptedStore();
    source.store(10);
    const events = eventsAfter(source.live, startOfStore, source.signal);
    await soon(events.next(), "the first event does not come");
    expect(source.reads(), "pages read").toBe(1);
  });

  it("ends with the error when the store cannot be read", async () => {
    story({
      given: "a store that cannot be read",
      when: "somebody subscribes",
      wanted: "the store's error: the client comes back with its cursor",
      costs:
        "the board stands still with a green light, and nobody is told to look at the database",
    });
    const source = scriptedStore();
    source.afterRead(1, () => {
      throw new Error("Connection terminated unexpectedly");
    });
    const subscriber = read(source);
    const isWaiting = source.waiting().then(() => "it waits as if nothing had been stored");
    const ended = subscriber.ended.then(() => "it ends without a word");
    const seen = Promise.race([isWaiting, ended]).catch((error: unknown) => error);
    const outcome = await soon(seen, "the subscription neither ends nor waits");
    if (isMistake(outcome)) throw outcome;
    expect(outcome, "what the subscriber sees").toMatchObject({
      message: "Connection terminated unexpectedly",
    });
  });

  it("ends when its reader has left", async () => {
    story({
      given: "a subscription that waits for events",
      when: "its signal is aborted",
      wanted: "it ends",
    });
    const source = scriptedStore();
    const subscriber = read(source);
    await soon(subscriber.unlessItFails(source.waiting()), "it does not wait at the bell");
    source.leave();
    await soon(subscriber.ended, "it does not end");
    expect(subscriber.seen).toEqual([]);
  });

  it("misses nothing that commits late", async () => {
    story({
      given:
        "reservation-1 has position 1 in a transaction that is open; reservation-2, position 2, is committed",
      when: "somebody subscribes; then the first commits, and reservation-3 is stored",
      wanted:
        "all three, in the order of the transactions: nothing is shown before what may come before it",
    });
    const live = openLive(quietPool({ connectionString: test.database.url }));
    opened.push(live);
    const leave = new AbortController();
    const first = await test.database.setUpPool.connect();
    const seen: string[] = [];
    try {
      await first.query("begin");
      await first.query(insert, ["reservation-1"]);
      await test.database.setUpPool.query(insert, ["reservation-2"]);
      let onLook: () => void = () => undefined;
      const looked = new Promise<void>((resolve) => {
        onLook = resolve;
      });
      const readAfter: Live["readAfter"] = async (place) => {
        const page = await live.readAfter(place);
        onLook();
        return page;
      };
      const events = eventsAfter({ ...live, readAfter }, startOfStore, leave.signal);
      const reading = (async () => {
        for await (const { event } of events) {
          seen.push(event.streamId);
          if (seen.length === 3) return;
        }
      })();
      reading.catch(() => undefined);
      await Promise.race([reading, soon(looked, "it does not look into the store")]);
      await first.query("commit");
      await test.database.setUpPool.query(insert, ["reservation-3"]);
      await vi.waitUntil(nobodyHoldsBack, { timeout: 30_000, interval: 10 });
      await soon(reading, () => `only ${seen.join(", ") || "nothing"} came`);
    } finally {
      leave.abort();
      first.release();
    }
    expect(seen).toEqual(["reservation-1", "reservation-2", "reservation-3"]);
  });
});

/** Transactions of others on this server may hold the order of commits back (06), whatever the subscription does. */
async function nobodyHoldsBack(): Promise<boolean> {
  return !(await isHeldBack(test.database.setUpPool));
}

const insert = `insert into events (event_id, stream_id, version, type, schema_version, data, metadata)
                values (gen_random_uuid(), $1, 1, 'ReservationConfirmed', 1, '{}', '{}')`;

const opened: Live[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((live) => live.stop()));
});

function read({ live, signal }: ScriptedStore, place: Checkpoint = startOfStore) {
  return reading(eventsAfter(live, place, signal));
}
