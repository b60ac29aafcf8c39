import type pg from "pg";
import { beforeEach, describe, expect, it } from "vitest";
import type { TcpProxy } from "../../shared/infrastructure/proxy.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import { checkedOut } from "../../shared/testing/connections.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { inMemoryEventStore } from "../../shared/testing/in-memory-event-store.ts";
import { newEvent, recorded } from "../../shared/testing/new-events.ts";
import { useProxies } from "../../shared/testing/proxies.ts";
import { emptyReadModel, eventsIn, readModelIn, viewOf } from "../../shared/testing/read-model.ts";
import {
  confirmed,
  created,
  reservationId,
  stayChanged,
} from "../../shared/testing/reservations.ts";
import { catchUp } from "./catch-up.ts";
import { applyNext } from "./projection.ts";

const proxies = useProxies();
const database = useDatabase(8);

let proxy: TcpProxy;
/** Reaches the database through the proxy, by one connection; `database.pool` goes beside it. */
let pool: pg.Pool;

beforeEach(async () => {
  proxy = await proxies.before(database.url);
  pool = database.newPool({ connectionString: proxy.url, max: 1 });
  await pool.query("select 1");
});

/** Whether the work came to its end, or the line broke under it. Any other failure is thrown. */
async function survives(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    // The client's own errors, and those of the socket: no class of their own.
    if (error instanceof Error && error.name === "Error") return false;
    throw error;
  }
}

describe("a projection whose database is cut off", () => {
  it.each(["to-server", "to-client"] as const)(
    "in the middle of a transaction, %s, applies the event once when it comes again",
    async (direction) => {
      const [first, second] = recorded(reservationId, [created, confirmed]);
      expect.assert(first && second);
      await applyNext(pool, first);
      const start = proxy.passed[direction];
      await applyNext(pool, second);
      const length = proxy.passed[direction] - start;
      const outcomes = new Set<boolean>();

      for (let part = 1; part < 16; part++) {
        const bytes = Math.ceil((length * part) / 16);
        await emptyReadModel(database.pool);
        await applyNext(database.pool, first);
        // A connection that is there, so that the cut meets the transaction.
        await expect.poll(() => survives(pool.query("select 1"))).toBe(true);
        const isCut = proxy.cutAfter(bytes, direction);
        outcomes.add(await survives(applyNext(pool, second)));
        expect(checkedOut(pool)).toBe(0);

        await applyNext(database.pool, second);

        expect(await isCut).toBe(true);
        expect(await readModelIn(database.pool), `cut after ${bytes} of ${length} bytes`).toEqual(
          viewOf([first, second]),
        );
      }
      expect(outcomes.has(false)).toBe(true);
    },
  );
});

describe("catching up while the database goes down and comes back", () => {
  let store: EventStore;

  beforeEach(async () => {
    store = inMemoryEventStore();
    for (const id of ["reservation-1", "reservation-2", "reservation-3", "reservation-4"]) {
      const events = [created, confirmed, stayChanged].map((event) =>
        newEvent({ ...event, data: { ...event.data, reservationId: id } }),
      );
      await store.append(id, events, "no-stream");
    }
  });

  it("ends in the pure projection of the store, whenever it was", async () => {
    const start = proxy.passed["to-server"];
    await catchUp(pool, store);
    const length = proxy.passed["to-server"] - start;

    for (const part of [0.1, 0.35, 0.6, 0.85]) {
      await emptyReadModel(database.pool);
      await expect.poll(() => survives(pool.query("select 1"))).toBe(true);
      const isDown = proxy.after(Math.ceil(length * part), "to-server", () => proxy.takeDown());

      expect(await survives(catchUp(pool, store))).toBe(false);
      expect(await isDown).toBe(true);
      expect(await survives(catchUp(pool, store))).toBe(false);
      expect(await readModelIn(database.pool)).not.toEqual(viewOf(await eventsIn(store)));
      proxy.bringBack();
      await expect.poll(() => survives(catchUp(pool, store))).toBe(true);

      expect(await readModelIn(database.pool)).toEqual(viewOf(await eventsIn(store)));
      expect(checkedOut(pool)).toBe(0);
    }
  });
});
