import fc from "fast-check";
import type pg from "pg";
import { beforeAll, describe, expect, it } from "vitest";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import { crashingPool } from "../../shared/testing/crashing-pool.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { inMemoryEventStore } from "../../shared/testing/in-memory-event-store.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { emptyReadModel, eventsIn, readModelIn, viewOf } from "../../shared/testing/read-model.ts";
import { validHistories } from "../../shared/testing/reservations.ts";
import type { ReservationEvent } from "../../solutions/01-aggregate/reservation-types.ts";
import { catchUp } from "./catch-up.ts";
import { project } from "./projection.ts";

const database = useDatabase(8);
let pool: pg.Pool;

beforeAll(() => {
  // Hundreds of commits: here the server need not wait for its disk.
  pool = database.newPool({ options: "-c synchronous_commit=off" });
});

/** Up to three reservations, and the order in which their streams grow. */
const histories = fc.record(
  {
    streams: fc.tuple(
      validHistories({ reservationId: "reservation-1", maxLength: 5 }),
      validHistories({ reservationId: "reservation-2", maxLength: 5 }),
      validHistories({ reservationId: "reservation-3", maxLength: 3 }),
    ),
    turns: fc.array(fc.nat(2), { maxLength: 12 }),
  },
  { noNullPrototype: true },
);

/** Numbers that pick what is delivered when; the rest of the events follows in random order. */
const delivery = fc.record(
  {
    picks: fc.array(fc.nat(99), { maxLength: 12 }),
    rest: fc.infiniteStream(fc.nat(99)),
  },
  { noNullPrototype: true },
);

/** For the first deliveries: after how many statements the process dies. */
const deaths = fc.array(fc.nat(8), { maxLength: 8 });

async function storeOf(
  streams: readonly (readonly ReservationEvent[])[],
  turns: readonly number[],
): Promise<EventStore> {
  let second = 0;
  const store = inMemoryEventStore(() =>
    new Date(Date.parse("2030-01-01T12:00:00.000Z") + second++ * 1000).toISOString(),
  );
  const left = streams.map((events) => [...events]);
  for (const turn of [...turns, ...left.flatMap((events, stream) => events.map(() => stream))]) {
    const event = left[turn]?.shift();
    if (event) await store.append(event.data.reservationId, [newEvent(event)], "any");
  }
  return store;
}

/** Every event at least once, some more often, in no order. */
function deliveriesOf<T>(
  events: readonly T[],
  { picks, rest }: { readonly picks: readonly number[]; readonly rest: Iterator<number> },
): readonly T[] {
  const left = [...events];
  const deliveries = picks.flatMap((pick) => events.slice(pick % events.length).slice(0, 1));
  while (left.length > 0) {
    deliveries.push(...left.splice(Number(rest.next().value) % left.length, 1));
  }
  return deliveries;
}

describe("any delivery of a store's events", () => {
  it("with duplicates, in any order, with a crash at any statement, ends in the pure projection of the store", async () => {
    await fc.assert(
      fc.asyncProperty(histories, delivery, deaths, async ({ streams, turns }, order, dying) => {
        await emptyReadModel(pool);
        const store = await storeOf(streams, turns);
        const events = await eventsIn(store);
        const queue = [...deliveriesOf(events, order)];
        const dies = [...dying];
        for (let event = queue.shift(); event; event = queue.shift()) {
          const statements = dies.shift() ?? Number.POSITIVE_INFINITY;
          try {
            await project(crashingPool(pool, statements).pool, store, event);
          } catch (error) {
            if (!(error instanceof Error) || error.name !== "Crash") throw error;
            queue.push(event);
          }
        }
        expect(await readModelIn(pool)).toEqual(viewOf(events));
      }),
      { seed: 8, numRuns: 20 },
    );
  });

  it("shared by two consumers in any way ends in the pure projection of the store", async () => {
    await fc.assert(
      fc.asyncProperty(histories, delivery, delivery, async ({ streams, turns }, one, other) => {
        await emptyReadModel(pool);
        const store = await storeOf(streams, turns);
        const events = await eventsIn(store);
        await Promise.all(
          [one, other].map(async (order) => {
            for (const event of deliveriesOf(events, order)) {
              await project(pool, store, event);
            }
          }),
        );
        expect(await readModelIn(pool)).toEqual(viewOf(events));
      }),
      { seed: 8, numRuns: 15 },
    );
  });

  it("cut off anywhere ends in the pure projection of the store after catching up in batches of any size", async () => {
    const cut = fc.record(
      { delivered: fc.nat(8), batchSize: fc.integer({ min: 1, max: 5 }) },
      { noNullPrototype: true },
    );
    await fc.assert(
      fc.asyncProperty(histories, delivery, cut, async ({ streams, turns }, order, at) => {
        await emptyReadModel(pool);
        const store = await storeOf(streams, turns);
        const events = await eventsIn(store);
        for (const event of deliveriesOf(events, order).slice(0, at.delivered)) {
          await project(pool, store, event);
        }
        await catchUp(pool, store, at.batchSize);
        expect(await readModelIn(pool)).toEqual(viewOf(events));
      }),
      { seed: 8, numRuns: 15 },
    );
  });
});
