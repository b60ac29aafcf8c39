import fc from "fast-check";
import type pg from "pg";
import { describe, expect, it } from "vitest";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { validHistories } from "../../shared/testing/reservations.ts";
import { ScriptedChannel } from "../../shared/testing/scripted-channel.ts";
import { evolve, initialState } from "../../solutions/01-aggregate/reservation.ts";
import type { ReservationEvent } from "../../solutions/01-aggregate/reservation-types.ts";
import { readStream } from "../../solutions/03-event-store/event-store.ts";
import { postgresEventStore } from "../../solutions/04-concurrency/event-store.ts";
import { loadCheckpoint } from "./checkpoint.ts";
import { type CommittedEvent, readAllCommitted, startOfStore } from "./commit-order.ts";
import { horizonLag } from "./horizon.ts";
import { decodeEvent } from "./message.ts";
import { relayBatch } from "./relay-batch.ts";
import { topologyFor } from "./topology.ts";

const database = useDatabase(6);
const topology = topologyFor("workshop");

async function emptyTheStore(): Promise<void> {
  // Not `truncate`, which makes new files for each run.
  await database.pool.query(
    "delete from events; delete from streams; delete from relay_checkpoints",
  );
}

/** Transactions of other tests hold the horizon back for a moment. */
async function horizonHasPassed(): Promise<void> {
  const waiting = async () => (await horizonLag(database.pool)).waitingEvents;
  const what = "events that an open transaction holds back";
  await expect.poll(waiting, { timeout: 10_000, interval: 2, message: what }).toBe(0);
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

describe("commit order", () => {
  /** What three transactions and a reader do, one step after the other. */
  const steps = fc.array(
    fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record(
          { append: fc.integer({ min: 1, max: 3 }), in: fc.integer({ min: 0, max: 2 }) },
          { noNullPrototype: true },
        ),
      },
      { weight: 2, arbitrary: fc.integer({ min: 0, max: 2 }).map((commit) => ({ commit })) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 2 }).map((rollback) => ({ rollback })) },
      { weight: 3, arbitrary: fc.constant({ read: true as const }) },
    ),
    { minLength: 8, maxLength: 24, size: "max" },
  );

  it("shows each event once, and each stream in order, however transactions overlap", async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 4 }), async (schedule, limit) => {
        await emptyTheStore();
        const seen: CommittedEvent[] = [];
        const read = async (): Promise<number> => {
          const after = seen.at(-1)?.checkpoint ?? startOfStore;
          const page = await readAllCommitted(database.pool, { after, limit });
          seen.push(...page);
          return page.length;
        };
        const writers = await openWriters(3);
        try {
          for (const step of schedule) {
            if ("read" in step) await read();
            else if ("commit" in step) await writers.end(step.commit, "commit");
            else if ("rollback" in step) await writers.end(step.rollback, "rollback");
            else await writers.append(step.in, `reservation-${step.append}`);
          }
          for (const writer of [0, 1, 2]) await writers.end(writer, "commit");
        } finally {
          await writers.close();
        }
        await horizonHasPassed();
        while ((await read()) > 0);

        const { rows } = await database.pool.query<{ event: string }>(
          "select stream_id || ' v' || version as event from events order by stream_id, version",
        );
        const inStreams = [...seen].sort((a, b) => (a.event.streamId < b.event.streamId ? -1 : 1));
        const stored = rows.map(({ event }) => event);
        expect(inStreams.map(nameOf), "seen, beside what is stored").toEqual(stored);
      }),
      { seed: 6, numRuns: 25 },
    );
  });

  function nameOf({ event }: CommittedEvent): string {
    return `${event.streamId} v${event.version}`;
  }

  /** Transactions that get their number at once and their streams when they append to them. */
  async function openWriters(count: number) {
    const clients = await Promise.all(Array.from({ length: count }, () => database.pool.connect()));
    const heldBy = new Map<string, number>();
    const begin = (client: pg.PoolClient) => client.query("begin; select pg_current_xact_id()");
    for (const client of clients) await begin(client);
    const clientOf = (writer: number): pg.PoolClient => {
      const client = clients[writer];
      if (!client) throw new RangeError(`There is no writer ${writer}.`);
      return client;
    };
    return {
      /** A stream that another open transaction has written would block us: then nothing is done. */
      async append(writer: number, streamId: string): Promise<void> {
        if ((heldBy.get(streamId) ?? writer) !== writer) return;
        heldBy.set(streamId, writer);
        const event = newEvent({ type: "Appended", data: { writer } });
        await postgresEventStore(clientOf(writer)).append(streamId, [event], "any");
      },
      async end(writer: number, how: "commit" | "rollback"): Promise<void> {
        await clientOf(writer).query(how);
        for (const [stream, holder] of heldBy) if (holder === writer) heldBy.delete(stream);
        await begin(clientOf(writer));
      },
      async close(): Promise<void> {
        for (const client of clients) {
          await client.query("rollback");
          client.release();
        }
      },
    };
  }
});

describe("the bus behind a relay that is killed at any moment", () => {
  it("replays to the store's state, once repeats are left out", async () => {
    const histories = fc.array(validHistories({ maxLength: 4 }), { minLength: 1, maxLength: 3 });
    const lives = fc.array(fc.integer({ min: 0, max: 14 }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(histories, lives, fc.integer({ min: 1, max: 5 }), async (...generated) => {
        const [streams, killedAfter, limit] = generated;
        await emptyTheStore();
        const ids = await appendAll(streams);
        await horizonHasPassed();
        const onTheBus: EventEnvelope[] = [];

        for (const steps of [...killedAfter, Number.POSITIVE_INFINITY]) {
          await relayUntilKilled(steps, limit, onTheBus);
        }

        const stored = await Promise.all(ids.map((id) => collect(readStream(database.pool, id))));
        const published = ids.map((id) =>
          withoutRepeats(onTheBus.filter(({ streamId }) => streamId === id)),
        );
        expect(published.map(named), "on the bus, beside what is stored").toEqual(
          stored.map(named),
        );
        expect(published).toEqual(stored);
        expect(published.map(replay)).toEqual(stored.map(replay));
      }),
      { seed: 6, numRuns: 20 },
    );
  });

  /** Event by event, from one stream after the other, so that the streams lie mixed in the store. */
  async function appendAll(
    streams: readonly (readonly ReservationEvent[])[],
  ): Promise<readonly string[]> {
    const store = postgresEventStore(database.pool);
    const longest = Math.max(...streams.map((history) => history.length));
    for (let version = 0; version < longest; version++) {
      for (const [index, history] of streams.entries()) {
        const event = history[version];
        if (event) await store.append(`reservation-${index + 1}`, [newEvent(event)], version);
      }
    }
    return streams.map((_, index) => `reservation-${index + 1}`);
  }

  function named(events: readonly EventEnvelope[]): readonly string[] {
    return events.map(({ streamId, version }) => `${streamId} v${version}`);
  }

  function withoutRepeats(events: readonly EventEnvelope[]): readonly EventEnvelope[] {
    return events.filter(({ id }, index) => events.findIndex((other) => other.id === id) === index);
  }

  function replay(events: readonly EventEnvelope[]) {
    return (events as readonly EventEnvelope<ReservationEvent>[]).reduce(evolve, initialState);
  }
});

/** The relay's process is dead: nothing that it was about to do takes place. */
class Killed extends Error {
  override readonly name = "Killed";
}

/** One life of a relay of `steps` steps: from its checkpoint to the end of the store, or until killed. */
async function relayUntilKilled(
  steps: number,
  limit: number,
  onTheBus: EventEnvelope[],
): Promise<void> {
  let left = steps;
  const step = (): void => {
    left -= 1;
    if (left < 0) throw new Killed("The relay was killed.");
  };
  const db = {
    async query(...parameters: [pg.QueryConfig]) {
      step();
      const result = await database.pool.query(...parameters);
      step(); // Killed here, the statement has run, and the relay does not know.
      return result;
    },
  } as Pick<pg.PoolClient, "query">;
  const channel = new ScriptedChannel((message) =>
    setImmediate(() => {
      try {
        step();
        onTheBus.push(decodeEvent(message.content));
        step(); // Killed here, a queue has the event, and the relay does not know.
        message.confirm();
      } catch {
        message.refuse(); // what the client reports for a channel that is lost
      }
    }),
  );
  try {
    let from = await loadCheckpoint(db, "relay-1");
    for (;;) {
      const events = await readAllCommitted(db, { after: from, limit });
      if (events.length === 0) return;
      const relayed = await relayBatch(db, channel, topology, { relay: "relay-1", from, events });
      if (relayed.confirmed < events.length) return;
      from = relayed.checkpoint;
    }
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
  }
}
