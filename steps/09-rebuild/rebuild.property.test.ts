import fc from "fast-check";
import type pg from "pg";
import { beforeAll, describe, expect } from "vitest";
import { crashingPool } from "../../shared/testing/crashing-pool.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { eventInWords } from "../../shared/testing/in-words.ts";
import { law } from "../../shared/testing/law.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { emptyReadModel, eventsIn, readModelIn, viewOf } from "../../shared/testing/read-model.ts";
import { interruptedBy, locksOfRebuilds, resetReadModel } from "../../shared/testing/rebuilding.ts";
import { validHistories } from "../../shared/testing/reservations.ts";
import { costs } from "../../shared/testing/story.ts";
import { until } from "../../shared/testing/waiting.ts";
import type { ReservationEvent } from "../../solutions/01-aggregate/reservation-types.ts";
import { postgresEventStore } from "../../solutions/04-concurrency/event-store.ts";
import { project } from "../../solutions/08-projections/projection.ts";
import { bookingDayProjection } from "./booking-day.ts";
import { bulkProjection } from "./in-bulk.ts";
import { projectLive } from "./live-projection.ts";
import { firstProjection } from "./projection.ts";
import { rebuild } from "./rebuild.ts";

const database = useDatabase(9);
let pool: pg.Pool;
/** Of the rebuild, apart: its connections have statements of its own. */
let rebuilding: pg.Pool;

beforeAll(() => {
  // Hundreds of commits: here the server need not wait for its disk.
  pool = database.newPool({ options: "-c synchronous_commit=off" });
  rebuilding = database.newPool({ options: "-c synchronous_commit=off" });
});

/** Up to three reservations, and the order in which their streams grow. */
const histories = fc
  .tuple(
    fc.array(fc.nat(2), { maxLength: 12 }),
    fc.array(validHistories({ maxLength: 5 }), { minLength: 1, maxLength: 3, size: "max" }),
  )
  .map(([turns, streams]) => inOrder(turns, streams.map(renamed)));

const projections = fc.constantFrom(firstProjection, bulkProjection, bookingDayProjection);
const both = [firstProjection, bookingDayProjection];
const batchSizes = fc.integer({ min: 1, max: 4 });

function renamed(events: readonly ReservationEvent[], index: number): readonly ReservationEvent[] {
  return events.map((event) => withId(event, `reservation-${index + 1}`));
}

function withId<Event extends ReservationEvent>(event: Event, reservationId: string): Event {
  return { ...event, data: { ...event.data, reservationId } };
}

/** The events of all streams in the order in which they are appended. */
function inOrder(
  turns: readonly number[],
  streams: readonly (readonly ReservationEvent[])[],
): readonly ReservationEvent[] {
  const left = streams.map((events) => [...events]);
  const all = [...turns, ...left.flatMap((events, stream) => events.map(() => stream))];
  return all.flatMap((turn) => left[turn]?.splice(0, 1) ?? []);
}

function inWords(history: readonly ReservationEvent[]): readonly string[] {
  return history.map((event) => `${event.data.reservationId} ${eventInWords(event)}`);
}

async function freshStart(): Promise<void> {
  await pool.query("truncate events, streams restart identity");
  await resetReadModel(pool);
}

async function append(history: readonly ReservationEvent[]): Promise<void> {
  const store = postgresEventStore(pool);
  for (const event of history) {
    await store.append(event.data.reservationId, [newEvent(event)], "any");
  }
}

/** The store's events are delivered by the bus: all of them, the last ones first. */
async function deliverAll(): Promise<void> {
  const store = postgresEventStore(pool);
  for (const event of [...(await eventsIn(store))].reverse()) {
    await projectLive(pool, store, both, event);
  }
}

/** What a reader sees, and how far each stream is, of what is live: row by row. */
const compared = "the rebuilt read model";

describe("a rebuild of any store", () => {
  costs(
    "the rebuilt board differs from the one before by three rooms, and nobody knows which is right",
  );

  law("rebuild", "equals the live read model row by row, while events are written and projected", {
    given: [projections, batchSizes, fc.nat(12), histories],
    seed: 9,
    runs: 16,
    async holds(projection, batchSize, before, history) {
      await freshStart();
      const store = postgresEventStore(pool);
      await append(history.slice(0, before));
      for (const event of await eventsIn(store)) await project(pool, store, event);
      // While one batch is applied, another event is written, and projected by a consumer beside.
      const left = history.slice(before);
      const consumers: Promise<void>[] = [];
      const busy = interruptedBy(projection, async () => {
        const next = left.splice(0, 1);
        await append(next);
        const written = (await eventsIn(store)).at(-1);
        if (next.length === 0 || !written) return;
        const consumer = projectLive(pool, store, both, written);
        // Looked at in the end: in the last stretch it waits for the swap.
        consumer.catch(() => {});
        consumers.push(consumer);
      });
      await rebuild({ pool: rebuilding, projection: busy, batchSize, pause: 1 });
      await Promise.all(consumers);
      await append(left);
      await deliverAll();
      const rebuilt = await readModelIn(pool);
      expect(rebuilt, compared).toEqual(viewOf(await eventsIn(store)));
      // The same events, live, from the first to the last.
      await emptyReadModel(pool);
      await deliverAll();
      expect(rebuilt, `${compared}, beside the live one`).toEqual(await readModelIn(pool));
    },
    story: ({ version }, batchSize, before, history) => ({
      given: [
        ...inWords(history),
        `the first ${Math.min(before, history.length)} of them are live`,
      ],
      when: `version ${version} is rebuilt, ${batchSize} events a batch, and with each batch one of the others is written and projected`,
      wanted: "the read model of these events, each once and in order",
    }),
  });

  law("crashes", "killed at any statements, and started again, ends in the pure projection", {
    given: [fc.array(fc.nat(40), { maxLength: 3 }), projections, batchSizes, histories],
    seed: 9,
    runs: 16,
    async holds(deaths, projection, batchSize, history) {
      await freshStart();
      const store = postgresEventStore(pool);
      await append(history);
      await deliverAll();
      for (const statements of deaths) {
        const dying = crashingPool(rebuilding, statements);
        await rebuild({ pool: dying.pool, projection, batchSize, pause: 1 }).catch((error) => {
          if (!(error instanceof Error) || error.name !== "Crash") throw error;
        });
        // The server frees the lock when it sees the end of the connection.
        await until("how many rebuilds hold the lock", () => locksOfRebuilds(pool), 0);
        const seen = await readModelIn(pool);
        expect(seen, "what is live after the death").toEqual(viewOf(await eventsIn(store)));
      }
      await rebuild({ pool: rebuilding, projection, batchSize, pause: 1 });
      await deliverAll();
      expect(await readModelIn(pool), compared).toEqual(viewOf(await eventsIn(store)));
    },
    story: (deaths, { version }, batchSize, history) => ({
      given: [...inWords(history), "all of them are live"],
      when: [
        `version ${version} is rebuilt, ${batchSize} events a batch`,
        ...deaths.map((statements) => `the process dies before statement ${statements + 1}`),
        "and it is started again, to its end",
      ],
      wanted: "after each death the whole read model is there; and so it is in the end",
    }),
  });
});
