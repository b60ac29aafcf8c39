import { afterEach, describe, expect, it, vi } from "vitest";
import { useDatabase } from "../../shared/testing/database.ts";
import { inMemoryEventStore } from "../../shared/testing/in-memory-event-store.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { created } from "../../shared/testing/reservations.ts";
import { soon } from "../../shared/testing/waiting.ts";
import { eventsChannel, notifying } from "./notifying.ts";
import { type Bell, createBell, createWakeUp, type WakeUp, waitForWork } from "./wake-up.ts";

const aMinute = 60_000;
const database = useDatabase(6);
const wakeUps: WakeUp[] = [];

afterEach(async () => {
  vi.useRealTimers();
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

describe("waiting for work", () => {
  it("ends when the bell rings", async () => {
    vi.useFakeTimers();
    const bell = createBell();
    const wait = watch(waitForWork(bell, 1_000));

    await vi.advanceTimersByTimeAsync(400);
    expect(wait.state, "the wait, before the bell rings").toBe("waits");
    bell.ring();
    await vi.advanceTimersByTimeAsync(0);

    expect(wait.state, "the wait, after the bell rang").toBe("over");
  });

  it("ends at once when the bell rang before", async () => {
    vi.useFakeTimers();
    const bell = createBell();
    bell.ring();

    const wait = watch(waitForWork(bell, 1_000));
    await vi.advanceTimersByTimeAsync(0);

    expect(wait.state, "the wait, which began after the bell rang").toBe("over");
  });

  it("ends after its time when nobody rings", async () => {
    vi.useFakeTimers();
    const wait = watch(waitForWork(createBell(), 1_000));

    await vi.advanceTimersByTimeAsync(999);
    expect(wait.state, "the wait for 1,000 ms, after 999 ms").toBe("waits");
    await vi.advanceTimersByTimeAsync(1);

    expect(wait.state, "the wait for 1,000 ms, after 1,000 ms").toBe("over");
  });

  it("hears each ring once", async () => {
    vi.useFakeTimers();
    const bell = createBell();
    const first = watch(waitForWork(bell, 1_000));
    bell.ring();
    await vi.advanceTimersByTimeAsync(0);

    const second = watch(waitForWork(bell, 1_000));
    await vi.advanceTimersByTimeAsync(999);

    expect({ first, second }, "two waits, one ring").toEqual({
      first: { state: "over" },
      second: { state: "waits" },
    });
  });

  it("leaves no timer and no listener behind", async () => {
    vi.useFakeTimers();
    const bell = createBell();
    let listeners = 0;
    const counting: Bell = {
      ...bell,
      onRing(listener) {
        listeners += 1;
        const forget = bell.onRing(listener);
        return () => {
          listeners -= 1;
          forget();
        };
      },
    };

    const rung = watch(waitForWork(counting, 1_000));
    bell.ring();
    await vi.advanceTimersByTimeAsync(0);
    expect({ ...rung, listeners, timers: vi.getTimerCount() }, "after a ring").toEqual({
      state: "over",
      listeners: 0,
      timers: 0,
    });
    const expired = watch(waitForWork(counting, 1_000));
    await vi.advanceTimersByTimeAsync(1_000);

    expect({ ...expired, listeners, timers: vi.getTimerCount() }, "after the time").toEqual({
      state: "over",
      listeners: 0,
      timers: 0,
    });
  });
});

describe("a listener for events", () => {
  function listen(pool = database.pool, pollEvery = aMinute): WakeUp {
    const wakeUp = createWakeUp(pool, eventsChannel, pollEvery);
    wakeUps.push(wakeUp);
    return wakeUp;
  }

  it("is woken by an append, and only once that is stored", async () => {
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

    const appending = store.append("reservation-1", [newEvent(created)], "no-stream");
    expect(queries, "asked for before the append is stored").toEqual([]);
    isStored();
    await appending;

    expect(queries, "asked for after the append is stored").toEqual([`notify ${eventsChannel}`]);
    await soon(waiting, "the append is notified, and wait() does not end");
  });

  it("is woken by the interval while its connection is lost, and listens again", async () => {
    const pool = database.newPool({ application_name: "listener", max: 1 });
    const wakeUp = listen(pool, 50);
    await soon(wakeUp.wait(), "it listens now, and wait() does not end");

    const { rowCount } = await database.pool.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'listener'",
    );
    expect(rowCount, "connections of the listener that were cut").toBe(1);
    await soon(wakeUp.wait(), "the interval is over, and wait() does not end");

    await expect
      .poll(async () => {
        const { rows } = await database.pool.query(
          "select query from pg_stat_activity where application_name = 'listener'",
        );
        return rows;
      })
      .toEqual([{ query: `listen "${eventsChannel}"` }]);
  });
});
