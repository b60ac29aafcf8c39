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
import { costs, story } from "../../shared/testing/story.ts";
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

const againOnLine = { message: "whether the database answers again" };

describe("a projection whose database is cut off", () => {
  costs("the database fails over at noon, and the board is a room wrong since");

  it.each(["to-server", "to-client"] as const)(
    "in the middle of a transaction, %s, applies the event once when it comes again",
    async (direction) => {
      const tell = (cut: string): void =>
        story({
          given: "ReservationCreated is projected, and now ReservationConfirmed comes",
          when: `the line to the database breaks ${cut}; later it comes again`,
          wanted: "it is in once: one room for each night; no connection is kept",
        });
      tell("in the middle");
      const [first, second] = recorded(reservationId, [created, confirmed]);
      expect.assert(first && second);
      await applyNext(pool, first);
      const start = proxy.passed[direction];
      await applyNext(pool, second);
      const length = proxy.passed[direction] - start;
      const outcomes = new Set<boolean>();

      for (let part = 1; part < 16; part++) {
        const bytes = Math.ceil((length * part) / 16);
        tell(`after ${bytes} of ${length} bytes ${direction}`);
        await emptyReadModel(database.pool);
        await applyNext(database.pool, first);
        // A connection that is there, so that the cut meets the transaction.
        const isBack = expect.poll(() => survives(pool.query("select 1")), againOnLine);
        await isBack.toBe(true);
        const isCut = proxy.cutAfter(bytes, direction);
        outcomes.add(await survives(applyNext(pool, second)));
        expect(checkedOut(pool), "connections that were not given back").toBe(0);

        await applyNext(database.pool, second);

        expect(await isCut, "whether the line was cut").toBe(true);
        expect(await readModelIn(database.pool), "the read model").toEqual(viewOf([first, second]));
      }
      expect([...outcomes], "whether applyNext resolved, in 15 cuts").toContain(false);
    },
  );
});

describe("catching up while the database goes down and comes back", () => {
  costs("a restart while it catches up, and some guests are in no list");

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
    const tell = (moment: string): void =>
      story({
        given: "4 reservations with 3 events each in the store",
        when: `the database goes down ${moment}, and is back when it is tried again`,
        wanted: "catchUp rejects while it is down, and then all 12 are in the view",
      });
    tell("in the middle of catchUp");
    const start = proxy.passed["to-server"];
    await catchUp(pool, store);
    const length = proxy.passed["to-server"] - start;

    for (const part of [0.1, 0.35, 0.6, 0.85]) {
      tell(`after ${part * 100} % of what catchUp sends`);
      await emptyReadModel(database.pool);
      const isBack = expect.poll(() => survives(pool.query("select 1")), againOnLine);
      await isBack.toBe(true);
      const isDown = proxy.after(Math.ceil(length * part), "to-server", () => proxy.takeDown());

      const wanted = viewOf(await eventsIn(store));
      expect(await survives(catchUp(pool, store)), "whether catchUp resolved").toBe(false);
      expect(await isDown, "whether the database went down").toBe(true);
      expect(await survives(catchUp(pool, store)), "whether catchUp resolved").toBe(false);
      expect(await readModelIn(database.pool), "the read model half-way").not.toEqual(wanted);
      proxy.bringBack();
      const isThrough = expect.poll(() => survives(catchUp(pool, store)), againOnLine);
      await isThrough.toBe(true);

      expect(await readModelIn(database.pool), "the read model").toEqual(wanted);
      expect(checkedOut(pool), "connections that were not given back").toBe(0);
    }
  });
});
