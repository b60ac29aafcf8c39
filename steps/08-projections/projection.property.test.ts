import fc from "fast-check";
import type pg from "pg";
import { beforeAll, describe, expect } from "vitest";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import { crashingPool } from "../../shared/testing/crashing-pool.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { inMemoryEventStore } from "../../shared/testing/in-memory-event-store.ts";
import { eventInWords } from "../../shared/testing/in-words.ts";
import { law } from "../../shared/testing/law.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { emptyReadModel, eventsIn, readModelIn, viewOf } from "../../shared/testing/read-model.ts";
import { ofReservation, validHistories } from "../../shared/testing/reservations.ts";
import { costs } from "../../shared/testing/story.ts";
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
const histories = fc
  .tuple(
    fc.array(fc.nat(2), { maxLength: 12 }),
    fc.array(validHistories({ maxLength: 5 }), { minLength: 1, maxLength: 3, size: "max" }),
  )
  .map(([turns, streams]) => inOrder(turns, streams.map(renamed)));

/** The first stream stays reservation-1, the others become reservation-2 and -3. */
function renamed(events: readonly ReservationEvent[], index: number): readonly ReservationEvent[] {
  const reservationId = `reservation-${index + 1}`;
  return events.map((event) => ofReservation(reservationId, event));
}

/** Numbers that pick what is delivered when; the rest of the events follows, in an order that others pick. */
interface Delivery {
  readonly picks: readonly number[];
  readonly rest: readonly number[];
}
const delivery: fc.Arbitrary<Delivery> = fc.record(
  {
    picks: fc.array(fc.nat(99), { maxLength: 12 }),
    rest: fc.array(fc.nat(99), { minLength: 15, maxLength: 15 }),
  },
  { noNullPrototype: true },
);

/** For the first deliveries: after how many statements the process dies. */
const deaths = fc.array(fc.nat(8), { maxLength: 8 });

/** The events of all streams in the order in which they are appended. */
function inOrder(
  turns: readonly number[],
  streams: readonly (readonly ReservationEvent[])[],
): readonly ReservationEvent[] {
  const left = streams.map((events) => [...events]);
  const all = [...turns, ...left.flatMap((events, stream) => events.map(() => stream))];
  return all.flatMap((turn) => left[turn]?.splice(0, 1) ?? []);
}

async function storeOf(history: readonly ReservationEvent[]): Promise<EventStore> {
  let second = 0;
  const store = inMemoryEventStore(() =>
    new Date(Date.parse("2030-01-01T12:00:00.000Z") + second++ * 1000).toISOString(),
  );
  for (const event of history) {
    await store.append(event.data.reservationId, [newEvent(event)], "any");
  }
  return store;
}

/** Every event at least once, some more often, in no order. */
function deliveriesOf<T>(events: readonly T[], { picks, rest }: Delivery): readonly T[] {
  const left = [...events];
  const deliveries = picks.flatMap((pick) => events.slice(pick % events.length).slice(0, 1));
  for (const pick of rest) deliveries.push(...left.splice(pick % left.length, 1));
  return deliveries;
}

/** `reservation-1 v2`, for each event of the history. */
function names(history: readonly ReservationEvent[]): readonly string[] {
  return history.map(({ data: { reservationId } }, index) => {
    const version = history
      .slice(0, index + 1)
      .filter(({ data }) => data.reservationId === reservationId).length;
    return `${reservationId} v${version}`;
  });
}

function storeInWords(history: readonly ReservationEvent[]): readonly string[] {
  const named = names(history);
  return history.map((event, index) => `${named[index]} ${eventInWords(event)}`);
}

/** `reservation-1 v2, reservation-1 v1`: the order in which they come. */
function deliveryInWords(history: readonly ReservationEvent[], delivery: Delivery): string {
  return deliveriesOf(names(history), delivery).join(", ");
}

const wanted = "the read model of these events, each once and in order";
const compared = "the read model";

describe("any delivery of a store's events", () => {
  costs("the board and the store drift apart, a room here and a room there, and nobody sees why");

  law(
    "crashes",
    "with duplicates, in any order, with a crash at any statement, ends in the pure projection of the store",
    {
      // In the order in which they shrink.
      given: [deaths, delivery, histories],
      seed: 8,
      runs: 24,
      async holds(dying, order, history) {
        await emptyReadModel(pool);
        const store = await storeOf(history);
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
        expect(await readModelIn(pool), compared).toEqual(viewOf(events));
      },
      story: (dying, order, history) => ({
        given: storeInWords(history),
        when: [
          `the bus delivers ${deliveryInWords(history, order)}`,
          ...dying.map(
            (statements, index) =>
              `at delivery ${index + 1} the process dies before its statement ${statements + 1}`,
          ),
          ...(dying.length === 0 ? [] : ["and what it died of comes again in the end"]),
        ],
        wanted,
      }),
    },
  );

  law("consumers", "shared by two consumers in any way ends in the pure projection of the store", {
    given: [delivery, delivery, histories],
    seed: 8,
    runs: 20,
    async holds(one, other, history) {
      await emptyReadModel(pool);
      const store = await storeOf(history);
      const events = await eventsIn(store);
      const ends = await Promise.allSettled(
        [one, other].map(async (order) => {
          for (const event of deliveriesOf(events, order)) await project(pool, store, event);
        }),
      );
      // Thrown when both are through, so that neither is still at work in the next case.
      for (const end of ends) if (end.status === "rejected") throw end.reason;
      expect(await readModelIn(pool), compared).toEqual(viewOf(events));
    },
    story: (one, other, history) => ({
      given: storeInWords(history),
      when: [
        "two consumers side by side; the bus delivers",
        `to the one ${deliveryInWords(history, one)}`,
        `to the other ${deliveryInWords(history, other)}`,
      ],
      wanted,
    }),
  });

  law(
    "batches",
    "cut off anywhere ends in the pure projection of the store after catching up in batches of any size",
    {
      given: [fc.integer({ min: 1, max: 5 }), fc.nat(8), delivery, histories],
      seed: 8,
      runs: 20,
      async holds(batchSize, delivered, order, history) {
        await emptyReadModel(pool);
        const store = await storeOf(history);
        const events = await eventsIn(store);
        for (const event of deliveriesOf(events, order).slice(0, delivered)) {
          await project(pool, store, event);
        }
        await catchUp(pool, store, batchSize);
        expect(await readModelIn(pool), compared).toEqual(viewOf(events));
      },
      story: (batchSize, delivered, order, history) => ({
        given: storeInWords(history),
        when: [
          `the bus delivers ${deliveriesOf(names(history), order).slice(0, delivered).join(", ") || "nothing"}`,
          `then catchUp reads the store, in batches of ${batchSize}`,
        ],
        wanted,
      }),
    },
  );
});
