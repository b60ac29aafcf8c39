import { setImmediate } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { checkedOut, unheardErrors } from "../../shared/testing/connections.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { inMemoryEventStore } from "../../shared/testing/in-memory-event-store.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { created } from "../../shared/testing/reservations.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { soon, until } from "../../shared/testing/waiting.ts";
import { eventsChannel, notifying } from "./notifying.ts";
import { type Bell, createBell, createWakeUp, type WakeUp, waitForWork } from "./wake-up.ts";

const aMinute = 60_000;
const database = useDatabase(6);
const wakeUps: WakeUp[] = [];

afterEach(async () => {
  await Promise.all(wakeUps.splice(0).map((wakeUp) => wakeUp.stop()));
});

/** Says whether the wait is over. */
function watch(waiting: Promise<void>): { state: "waits" | "over" } {
  const watched: { state: "waits" | "over" } = { state: "waits" };
  void waiting.then(() => {
    watched.state = "over";
  });
  return watched;
}

/** What has a reason to go on by now has done so, without any time. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await setImmediate();
}

/** Timers that keep the process alive. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
}

/** A bell that knows how many listen to it. */
function countingBell(): { readonly bell: Bell; listeners(): number } {
  const bell = createBell();
  let listeners = 0;
  const onRing: Bell["onRing"] = (listener) => {
    listeners += 1;
    const forget = bell.onRing(listener);
    return () => {
      listeners -= 1;
      forget();
    };
  };
  return { bell: { ...bell, onRing }, listeners: () => listeners };
}

describe("waiting for work", () => {
  costs("a booking is on the website at once, and in the hotel's system much later, or never");

  it("ends when the bell rings", async () => {
    story({
      given: "a bell that has not rung",
      when: "waitForWork waits for a minute at the most, and then the bell rings",
      wanted: "it waits until then, and is over then",
    });
    const bell = createBell();
    const wait = watch(waitForWork(bell, aMinute));

    await turns();
    expect(wait.state, "the wait, before the bell rings").toBe("waits");
    bell.ring();
    await turns();

    expect(wait.state, "the wait, after the bell rang").toBe("over");
  });

  it("ends at once when the bell rang before", async () => {
    story({
      given: "a bell that rang while nobody waited",
      when: "waitForWork waits for a minute at the most",
      wanted: "it is over at once",
      costs: "what is appended while the relay publishes waits for a whole polling interval",
    });
    const bell = createBell();
    bell.ring();

    const wait = watch(waitForWork(bell, aMinute));
    await turns();

    expect(wait.state, "the wait, which began after the bell rang").toBe("over");
  });

  it("ends after its time when nobody rings", async () => {
    story({
      given: "a bell that never rings",
      when: "waitForWork waits for 50 ms at the most",
      wanted: "it waits for 50 ms, and is over then",
      costs: "one lost notification, and an event stays unpublished until the next append",
    });
    const began = performance.now();
    await soon(waitForWork(createBell(), 50), "the wait for 50 ms is not over after seconds");

    // A timer may be a millisecond early.
    expect(performance.now() - began, "milliseconds waited").toBeGreaterThan(48);
  });

  it("hears each ring once", async () => {
    story({
      given: "a first wait, which the bell's only ring has ended",
      when: "waitForWork waits again, for a minute at the most",
      wanted: "it still waits: that ring was heard",
      costs: "after each ring the relay asks the database twice, the second time for nothing",
    });
    const bell = createBell();
    const first = watch(waitForWork(bell, aMinute));
    bell.ring();
    await turns();

    const second = watch(waitForWork(bell, aMinute));
    await turns();

    expect({ first: first.state, second: second.state }, "two waits, one ring").toEqual({
      first: "over",
      second: "waits",
    });
    bell.ring();
  });

  it("ends at once when the bell rang since the wait before", async () => {
    story({
      given: "a wait that a ring has ended, and another ring while nobody waits",
      when: "waitForWork waits for a minute at the most",
      wanted: "it is over at once: the wait before has not heard that second ring",
      costs: "the second of two bookings in one second waits for a whole polling interval",
    });
    const bell = createBell();
    const first = watch(waitForWork(bell, aMinute));
    bell.ring();
    await turns();
    bell.ring();

    const second = watch(waitForWork(bell, aMinute));
    await turns();

    expect({ first: first.state, second: second.state }, "two waits, a ring for each").toEqual({
      first: "over",
      second: "over",
    });
  });

  it("leaves no timer and no listener behind", async () => {
    story({
      given: "two waits, for a minute and for 20 ms",
      when: "the bell ends the first, and the time the second",
      wanted: "after each the bell has 0 listeners, and no timer runs that did not run before",
      costs: "the relay takes more memory with each event, and does not end when it is stopped",
    });
    const { bell, listeners } = countingBell();
    const before = timers();
    const left = (): object => ({
      listeners: listeners(),
      timers: Math.max(0, timers() - before),
    });

    void waitForWork(bell, aMinute);
    bell.ring();
    await turns();
    expect(left(), "after a ring").toEqual({ listeners: 0, timers: 0 });
    await soon(waitForWork(bell, 20), "the wait for 20 ms is not over after seconds");
    await turns();
    expect(left(), "after the time").toEqual({ listeners: 0, timers: 0 });
  });
});

describe("a listener for events", () => {
  costs("each booking reaches the hotel's system a polling interval late, or not at all");

  function listen(pool = database.pool, pollEvery = aMinute): WakeUp {
    const wakeUp = createWakeUp(pool, eventsChannel, pollEvery);
    wakeUps.push(wakeUp);
    return wakeUp;
  }

  it("is woken by an append, and only once that is stored", async () => {
    story({
      given: "a listener with an interval of a minute, which listens",
      when: "reservation-1 v1 is appended to a store that notifies",
      wanted: "NOTIFY is sent once, after the append is stored, and ends the listener's wait",
    });
    const wakeUp = listen();
    await soon(wakeUp.wait(), "it listens now, and wait() does not end");
    const queries: string[] = [];
    let isStored = (): void => {};
    const storing = new Promise<void>((resolve) => {
      isStored = resolve;
    });
    const memory = inMemoryEventStore();
    const store = notifying(
      {
        ...memory,
        async append(...parameters) {
          await storing;
          return memory.append(...parameters);
        },
      },
      {
        query: (text: string) => {
          queries.push(text);
          return database.pool.query(text);
        },
      } as typeof database.pool,
    );
    const waiting = wakeUp.wait();
    const wait = watch(waiting);
    await turns();
    expect(wait.state, "the listener's wait, before anything is appended").toBe("waits");

    const appending = store.append("reservation-1", [newEvent(created)], "no-stream");
    expect(queries, "asked for before the append is stored").toEqual([]);
    isStored();
    await appending;

    expect(queries, "asked for after the append is stored").toEqual([`notify ${eventsChannel}`]);
    await soon(waiting, "the append is notified, and wait() does not end");
  });

  it("is woken by hand", async () => {
    story({
      given: "a listener with an interval of a minute, which listens and waits",
      when: "wake is called, as the relay does when its channel is lost",
      wanted: "its wait is over at once",
      costs: "the broker is gone, and the relay learns of it a whole polling interval later",
    });
    const wakeUp = listen();
    await soon(wakeUp.wait(), "it listens now, and wait() does not end");
    const wait = watch(wakeUp.wait());

    await turns();
    expect(wait.state, "the wait, before wake").toBe("waits");
    wakeUp.wake();
    await turns();

    expect(wait.state, "the wait, after wake").toBe("over");
  });

  it("waits no longer than it is asked to, and no longer than its interval", async () => {
    story({
      given: "two listeners, with intervals of a minute and of 20 ms",
      when: "the first is to wait for 20 ms, the second for a minute",
      wanted: "both waits are over in a moment: the shorter time counts",
      costs: "an event that an open transaction held back stays so for a whole polling interval",
    });
    const [seldom, often] = [listen(), listen(database.pool, 20)];
    await soon(seldom.wait(), "it listens now, and wait() does not end");
    await soon(often.wait(), "it listens now, and wait() does not end");

    const asked = soon(seldom.wait(20), "with an interval of a minute wait(20) does not end");
    expect(await asked, "the end of the first wait").toBeUndefined();
    const bounded = soon(often.wait(aMinute), "with an interval of 20 ms wait(60000) does not end");
    expect(await bounded, "the end of the second wait").toBeUndefined();
  });

  it("holds one connection, and closes it when it is stopped", async () => {
    story({
      given: "a listener that listens",
      when: "it is stopped",
      wanted: "one connection of its pool was in its hands, and none is open any more",
      costs: "the next who gets that connection from the pool hears all notifications, too",
    });
    const pool = database.newPool({ max: 1 });
    const wakeUp = listen(pool);
    await soon(wakeUp.wait(), "it listens now, and wait() does not end");
    await turns();
    expect(checkedOut(pool), "connections in its hands while it listens").toBe(1);

    await soon(wakeUp.stop(), "stop() does not end");

    expect(pool.totalCount, "connections of the pool that are open afterwards").toBe(0);
  });

  it("can be stopped before it listens", async () => {
    story({
      given: "a listener that waits; it has asked its pool for a connection, and has none yet",
      when: "it is stopped",
      wanted: "stop() ends, and so does the wait; no connection of the pool is open",
      costs: "a deployment that follows another at once waits for a relay that does not end",
    });
    const pool = database.newPool({ max: 1 });

    const wakeUp = listen(pool);
    const waiting = wakeUp.wait();

    await soon(wakeUp.stop(), "stop() does not end");
    await soon(waiting, "it is stopped, and wait() does not end");

    expect(pool.totalCount, "connections of the pool that are open afterwards").toBe(0);
  });

  it("is woken by the interval while its connection is lost, and listens again", async () => {
    story({
      given: "a listener with an interval of 50 ms, which listens",
      when: "its database connection is cut",
      wanted: "its wait ends all the same, and a new connection listens; the process lives on",
    });
    const pool = database.newPool({ application_name: "listener", max: 1 });
    const unheard = unheardErrors(pool);
    const wakeUp = listen(pool, 50);
    const listening = [`listen "${eventsChannel}"`];
    await until("what the listener has asked", () => lastQueries(), listening);
    await soon(wakeUp.wait(), "it listens now, and wait() does not end");

    const { rows } = await database.pool.query<{ pid: number }>(
      `select pid, pg_terminate_backend(pid)
         from pg_stat_activity
        where datname = current_database() and application_name = 'listener'`,
    );
    expect(rows, "connections of the listener that were cut").toHaveLength(1);
    await soon(wakeUp.wait(), "the interval is over, and wait() does not end");

    const asked = () => lastQueries(rows.map(({ pid }) => pid));
    await until("what the listener's new connection has asked", asked, listening);
    const messages = unheard.map(({ message }) => message);
    expect(messages, "errors without a listener, which end the process").toEqual([]);

    /** Of the listener's connections but these, the last query of each. */
    async function lastQueries(cut: readonly number[] = []): Promise<readonly string[]> {
      const { rows } = await database.pool.query<{ query: string }>(
        `select query from pg_stat_activity
          where datname = current_database() and application_name = 'listener'
            and pid <> all ($1::integer[])`,
        [cut],
      );
      return rows.map(({ query }) => query);
    }
  });
});
