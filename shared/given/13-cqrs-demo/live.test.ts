/** What a thousand subscriptions share; the step's own tests are about what the learner builds on it. */

import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { postgresEventStore } from "../../../solutions/04-concurrency/event-store.ts";
import { startOfStore } from "../../../solutions/06-publishing/commit-order.ts";
import { isHeldBack } from "../../../solutions/06-publishing/horizon.ts";
import { eventsChannel } from "../../../solutions/06-publishing/notifying.ts";
import { type Bell, createWakeUp } from "../../../solutions/06-publishing/wake-up.ts";
import { projectedChannel } from "../../../solutions/08-projections/projected-signal.ts";
import { openLive } from "../../../solutions/13-cqrs-demo/live.ts";
import { intercept } from "../../testing/connections.ts";
import { quietPool, useDatabase } from "../../testing/database.ts";
import { listeners } from "../../testing/listening.ts";
import { newEvent } from "../../testing/new-events.ts";
import { created } from "../../testing/reservations.ts";
import { soon, until } from "../../testing/waiting.ts";

const database = useDatabase(8);
const forEver = (): AbortSignal => new AbortController().signal;

describe("a lent bell", () => {
  it.each([
    ["an event was stored", eventsChannel, "storedBell"],
    ["the read model has moved", projectedChannel, "projectedBell"],
  ] as const)("rings for each who has one when %s", async (_, channel, bell) => {
    const { live } = opened();
    const bells = [live[bell](forEver()), live[bell](forEver())];
    const rung = Promise.all(bells.map((each) => ring(each)));
    await notify(channel);
    expect(await soon(rung, "a bell does not ring")).toHaveLength(2);
  });

  it.each(["storedBell", "projectedBell"] as const)(
    "rings when its reader leaves, and then no more: %s",
    async (bell) => {
      const { live } = opened();
      const leave = new AbortController();
      const left = live[bell](leave.signal);
      const other = live[bell](forEver());
      const last = ring(left);
      leave.abort();
      await soon(last, "nothing wakes the reader that has left");
      left.take();
      await soon(ring(other), "the bell of the other does not ring");
      expect(left.take(), "whether a bell still rings for a reader that has left").toBe(false);
    },
  );

  it.each(["storedBell", "projectedBell"] as const)(
    "has rung, once, for a reader that had left before: %s",
    async (bell) => {
      const { live } = opened();
      const left = live[bell](AbortSignal.abort());
      const other = live[bell](forEver());
      expect(left.take(), "whether it has rung").toBe(true);
      await soon(ring(other), "the bell of the other does not ring");
      expect(left.take(), "whether it rings again").toBe(false);
    },
  );
});

describe("events that a transaction of somebody else holds back", () => {
  it("are looked for many times in a second, though nobody notifies", async () => {
    const { live } = opened();
    await heldBack(async () => {
      const bell = live.storedBell(forEver());
      // Without that it takes 20 seconds, and nobody waits as long here.
      const looks = rings(bell, 20);
      expect(await soon(looks, "it rings once in a second")).toBe(20);
    });
  });

  it("are not asked for without a reader", async () => {
    const { live, asked } = opened();
    await heldBack(async () => {
      const leave = new AbortController();
      const bell = live.storedBell(leave.signal);
      await rings(bell, 5);
      leave.abort();
      const projected = live.projectedBell(forEver());
      await soon(ring(projected), "the bell of the read model does not ring");
      const before = asked("is-held-back");
      for (let times = 0; times < 3; times += 1) {
        const rung = ring(projected);
        await notify(eventsChannel);
        await notify(projectedChannel);
        await soon(rung, "the bell of the read model does not ring");
      }
      expect(asked("is-held-back"), "how often it asks").toBe(before);
    });
  });

  it("do not end the bells when it cannot be asked whether there are any", async () => {
    const { live, fail } = opened();
    fail("is-held-back");
    const bell = live.storedBell(forEver());
    expect(await rings(bell, 3, () => notify(eventsChannel))).toBe(3);
  });
});

describe("a bell that nobody has to ring", () => {
  it.each([
    ["storedBell", "nothing is held back", undefined],
    ["storedBell", "nobody can say what is held back", "is-held-back"],
    ["projectedBell", "nothing is held back", undefined],
  ] as const)("rings about once a second: %s, where %s", async (name, _, statement) => {
    const { live, fail } = opened();
    if (statement) fail(statement);
    const bell = live[name](forEver());
    await rings(bell, 1); // when it has begun to listen
    let heard = 0;
    bell.onRing(() => {
      heard += 1;
    });
    // Another one that looks once a second is the clock: on a busy machine both are late.
    const clock = createWakeUp(database.setUpPool, "nobody_notifies", 1_000);
    onTestFinished(() => clock.stop());
    for (let ticks = 0; ticks < 2; ticks += 1) await clock.wait();
    expect(heard, "rings in the meantime").toBeLessThanOrEqual(4);
  });
});

describe("a read", () => {
  it("is shared by those who want the same at the same moment, and by nobody later", async () => {
    const { live, asked } = opened();
    await Promise.all([live.readAfter(startOfStore), live.readAfter(startOfStore)]);
    expect(asked("read-all-committed"), "reads for two at once").toBe(1);
    // One after the other: a bell that rings in between does not let a shared one pass ten times.
    for (let times = 0; times < 10; times += 1) await live.readAfter(startOfStore);
    expect(asked("read-all-committed"), "reads with ten more behind them").toBe(11);
  });

  it.each([
    ["position", { transactionId: 0n, position: 1n }],
    ["transaction", { transactionId: 1n, position: 0n }],
  ])("behind another %s is another read", async (_, place) => {
    const { live, asked } = opened();
    await Promise.all([live.readAfter(startOfStore), live.readAfter(place)]);
    expect(asked("read-all-committed")).toBe(2);
  });

  it("that began before the bell rang is not the read of those who heard it", async () => {
    const { live, asked, hold } = opened();
    const bell = live.storedBell(forEver());
    const goOn = hold("read-all-committed");
    const early = live.readAfter(startOfStore);
    const rung = ring(bell);
    await notify(eventsChannel);
    await soon(rung, "the bell does not ring");
    const late = live.readAfter(startOfStore);
    expect(asked("read-all-committed"), "reads with that of one who has heard it").toBe(2);
    goOn();
    await Promise.all([early, late]);
  });

  it("brings a hundred events at the most, and the next read those behind them", async () => {
    const { live } = opened();
    await store(101);
    const isHeld = () => isHeldBack(database.setUpPool);
    await until("whether somebody holds them back", isHeld, false);
    const page = await live.readAfter(startOfStore);
    const next = await live.readAfter(page.at(-1)?.checkpoint ?? startOfStore);
    expect(page.map(({ event }) => event.version)).toEqual(Array.from(page, (_, at) => at + 1));
    expect([page.length, next.map(({ event }) => event.version)]).toEqual([100, [101]]);
  });

  it("that fails is tried again by the next who wants it", async () => {
    const { live, fail, heal } = opened();
    fail("read-all-committed");
    await expect(live.readAfter(startOfStore)).rejects.toThrow("read-all-committed fails");
    heal();
    expect(await live.readAfter(startOfStore)).toEqual([]);
  });
});

describe("the end", () => {
  it("gives every connection back, with nobody who listens", async () => {
    const { stop, pool } = opened();
    await until("connections that listen", () => listeners(database.setUpPool), 2);
    await soon(stop(), "it does not end");
    expect(pool.totalCount, "connections").toBe(0);
    await until("connections that listen", () => listeners(database.setUpPool), 0);
  });
});

const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(endings.splice(0).map((end) => soon(end(), "it does not end")));
});

type Statement = "is-held-back" | "read-all-committed";

/** With a pool whose statements are counted, held up, or made to fail, by name. */
function opened() {
  const own = quietPool({ connectionString: database.url, max: 6 });
  const names: unknown[] = [];
  const failing = new Set<unknown>();
  const held = new Map<unknown, Promise<void>>();
  const pool = intercept(own, async (query, pass) => {
    const name = nameOf(query);
    names.push(name);
    await held.get(name);
    if (failing.has(name)) throw new Error(`${name} fails`);
    return pass();
  });
  const live = openLive(pool);
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= live.stop();
    return stopped;
  };
  endings.push(stop);
  return {
    live,
    stop,
    pool: own,
    asked: (name: Statement): number => names.filter((each) => each === name).length,
    fail: (name: Statement) => void failing.add(name),
    heal: () => failing.clear(),
    /** Returns what lets the statement go. */
    hold(name: Statement): () => void {
      let goOn: () => void = () => undefined;
      const isHeld = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      held.set(name, isHeld);
      return goOn;
    },
  };
}

function nameOf(query: unknown): unknown {
  return typeof query === "object" && query !== null && "name" in query ? query.name : undefined;
}

async function store(count: number): Promise<void> {
  const events = Array.from({ length: count }, () => newEvent(created));
  await postgresEventStore(database.setUpPool).append("reservation-1", events, 0);
}

function notify(channel: string): Promise<unknown> {
  return database.setUpPool.query(`notify ${channel}`);
}

/** While another transaction is open, and an event is stored that has to wait for it. */
async function heldBack(meanwhile: () => Promise<void>): Promise<void> {
  const other = await database.setUpPool.connect();
  try {
    await other.query("begin");
    await other.query("select pg_current_xact_id()");
    await store(1);
    await meanwhile();
  } finally {
    // Closed, not handed back: that ends the transaction whatever happened.
    other.release(true);
  }
}

/** How often it has rung, which is `count`. */
async function rings(
  bell: Bell,
  count: number,
  cause: () => Promise<unknown> = async () => undefined,
) {
  let heard = 0;
  while (heard < count) {
    const rung = ring(bell);
    await cause();
    await soon(rung, `it rings ${heard} times, and no more`);
    heard += 1;
  }
  return heard;
}

/** Resolves when the bell rings, not when it has rung. */
function ring(bell: Bell): Promise<void> {
  return new Promise((resolve) => {
    const forget = bell.onRing(() => {
      forget();
      resolve();
    });
  });
}
