import fc from "fast-check";
import type pg from "pg";
import { describe, expect } from "vitest";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { law } from "../../shared/testing/law.ts";
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
  law("overlap", "shows each event once, and each stream in order, however transactions overlap", {
    given: [schedules(), fc.integer({ min: 1, max: 4 })],
    seed: 6,
    runs: 25,
    async holds(schedule, limit) {
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
          if (step.does === "append") await writers.append(step.writer, step.streamId);
          else if (step.does === "read") await read();
          else await writers.end(step.writer, step.does);
        }
        await writers.close("commit");
      } finally {
        await writers.close("rollback");
      }
      await horizonHasPassed();
      // Each page has an event, so this is enough, save for a reader that never comes to an end.
      for (let pages = 0; pages <= schedule.length && (await read()) > 0; pages++);

      const { rows } = await database.pool.query<{ event: string }>(
        "select stream_id || ' v' || version as event from events order by stream_id, version",
      );
      const stored = rows.map(({ event }) => event);
      const inStreams = seen
        .map(({ event }) => event)
        .sort((one, other) => one.streamId.localeCompare(other.streamId));
      expect(named(inStreams), "read, stream by stream, beside what is stored").toEqual(stored);
    },
    story: (schedule, limit) => ({
      given: `transactions 1, 2 and 3 have begun; it is read in pages of ${limit}`,
      when: [
        ...scheduleInWords(schedule),
        "all that are open commit, and the reader reads to the end",
      ],
      wanted: "each committed event is read once, and each stream in the order of its versions",
      costs: "two long transactions cross, and a cancellation is never published, or twice",
    }),
  });

  /** Transactions that get their number at once and their streams when they append to them. */
  async function openWriters(count: number) {
    const clients = await Promise.all(Array.from({ length: count }, () => database.pool.connect()));
    const begin = "begin; select pg_current_xact_id()";
    for (const client of clients) await client.query(begin);
    const clientOf = (writer: number): pg.PoolClient => {
      const client = clients[writer - 1];
      if (!client) throw new RangeError(`There is no writer ${writer}.`);
      return client;
    };
    return {
      async append(writer: number, streamId: string): Promise<void> {
        const event = newEvent({ type: "Appended", data: { writer } });
        await postgresEventStore(clientOf(writer)).append(streamId, [event], "any");
      },
      async end(writer: number, how: "commit" | "rollback"): Promise<void> {
        await clientOf(writer).query(`${how}; ${begin}`);
      },
      async close(how: "commit" | "rollback"): Promise<void> {
        for (const client of clients.splice(0)) {
          await client.query(how);
          client.release();
        }
      },
    };
  }
});

type Step =
  | { readonly does: "append"; readonly writer: number; readonly streamId: string }
  | { readonly does: "commit" | "rollback"; readonly writer: number }
  | { readonly does: "read" };

/** What three writers and a reader do, one step after the other. */
function schedules(): fc.Arbitrary<readonly Step[]> {
  const writer = fc.integer({ min: 1, max: 3 });
  const streamId = fc.integer({ min: 1, max: 4 }).map((number) => `reservation-${number}`);
  const step = fc.oneof(
    // Each step of a schedule that fails is tried as no step: what is left is what it needs.
    { withCrossShrink: true },
    { weight: 1, arbitrary: fc.constant<undefined>(undefined) },
    {
      weight: 6,
      arbitrary: fc
        .tuple(writer, streamId)
        .map(([writer, streamId]): Step => ({ does: "append", writer, streamId })),
    },
    { weight: 4, arbitrary: writer.map((writer): Step => ({ does: "commit", writer })) },
    { weight: 1, arbitrary: writer.map((writer): Step => ({ does: "rollback", writer })) },
    { weight: 4, arbitrary: fc.constant<Step>({ does: "read" }) },
  );
  return fc
    .array(step, { minLength: 12, maxLength: 24, size: "max" })
    .map((steps) => withoutBlocked(steps.filter((step) => step !== undefined)));
}

/** Leaves out each append to a stream that another open transaction has written: it would wait. */
function withoutBlocked(schedule: readonly Step[]): readonly Step[] {
  const heldBy = new Map<string, number>();
  return schedule.filter((step) => {
    if (step.does === "read") return true;
    if (step.does === "append") {
      const holder = heldBy.get(step.streamId) ?? step.writer;
      heldBy.set(step.streamId, holder);
      return holder === step.writer;
    }
    for (const [stream, holder] of heldBy) if (holder === step.writer) heldBy.delete(stream);
    return true;
  });
}

/** Transactions by their numbers, in the order of their beginnings: `2 commits, and 4 begins`. */
function scheduleInWords(schedule: readonly Step[]): readonly string[] {
  const open = [0, 1, 2, 3];
  let begun = 3;
  let position = 0;
  return schedule.map((step) => {
    if (step.does === "read") return "the reader reads a page";
    const transaction = open[step.writer];
    if (step.does === "append") {
      position += 1;
      return `${transaction} appends to ${step.streamId}, at position ${position}`;
    }
    begun += 1;
    open[step.writer] = begun;
    return `${transaction} ${step.does === "commit" ? "commits" : "rolls back"}, and ${begun} begins`;
  });
}

describe("the bus behind a relay that is killed at any moment", () => {
  law("killed", "replays to the store's state, once repeats are left out", {
    given: [
      fc.array(validHistories({ maxLength: 4 }), { minLength: 1, maxLength: 3 }),
      fc.array(fc.integer({ min: 0, max: 14 }), { maxLength: 5 }),
      fc.integer({ min: 1, max: 5 }),
    ],
    seed: 6,
    runs: 20,
    async holds(histories, killedAfter, limit) {
      await emptyTheStore();
      const store = postgresEventStore(database.pool);
      for (const { streamId, version, event } of mixed(histories)) {
        await store.append(streamId, [newEvent(event)], version - 1);
      }
      await horizonHasPassed();
      const onTheBus: EventEnvelope[] = [];
      const lives: string[] = [];
      for (const steps of [...killedAfter, Number.POSITIVE_INFINITY]) {
        const did = await relayUntilKilled(steps, limit, onTheBus);
        lives.push(`relay ${lives.length + 1}: ${did}`);
      }

      const ids = histories.map((_, index) => `reservation-${index + 1}`);
      const stored = await Promise.all(ids.map((id) => collect(readStream(database.pool, id))));
      const published = ids.map((id) =>
        withoutRepeats(onTheBus.filter(({ streamId }) => streamId === id)),
      );
      const what = [...lives, "on the bus, beside what is stored"].join("\n");
      expect(published.flatMap(named), what).toEqual(stored.flatMap(named));
      expect(published, "the events on the bus, field by field").toEqual(stored);
      const states = published.map(replay);
      expect(states, "the states that the bus replays to").toEqual(stored.map(replay));
    },
    story: (histories, killedAfter, limit) => ({
      given: `${named(mixed(histories)).join(", ")} are stored in this order`,
      when:
        killedAfter.length === 0
          ? `a relay carries it to the bus, ${limit} at a time`
          : [
              `relays carry it to the bus, ${limit} at a time; the first is killed after`,
              `${killedAfter.join(" steps, the next after ")} steps; then one lives.`,
              "(A step: a statement or a confirm begins, or is done.)",
            ],
      wanted: "each stream is on the bus as it is stored, in its order, once repeats are left out",
      costs: "a deployment kills the relay, and a cancellation is missing on the bus for ever",
    }),
  });

  /** Event by event, from one stream after the other, so that the streams lie mixed in the store. */
  function mixed(histories: readonly (readonly ReservationEvent[])[]) {
    const longest = Math.max(...histories.map((history) => history.length));
    return Array.from({ length: longest }, (_, index) =>
      histories.flatMap((history, stream) => {
        const event = history[index];
        return event ? [{ streamId: `reservation-${stream + 1}`, version: index + 1, event }] : [];
      }),
    ).flat();
  }

  function withoutRepeats(events: readonly EventEnvelope[]): readonly EventEnvelope[] {
    return events.filter(({ id }, index) => events.findIndex((other) => other.id === id) === index);
  }

  function replay(events: readonly EventEnvelope[]) {
    return (events as readonly EventEnvelope<ReservationEvent>[]).reduce(evolve, initialState);
  }
});

function named(events: readonly Pick<EventEnvelope, "streamId" | "version">[]): readonly string[] {
  return events.map(({ streamId, version }) => `${streamId} v${version}`);
}

/** The relay's process is dead: nothing that it was about to do takes place. */
class Killed extends Error {
  override readonly name = "Killed";
}

/**
 * One life of a relay of `steps` steps: from its checkpoint to the end of the store, or until killed.
 * Answers what it did, in order.
 */
async function relayUntilKilled(
  steps: number,
  limit: number,
  onTheBus: EventEnvelope[],
): Promise<string> {
  const did: string[] = [];
  const note = (what: string): void => {
    if (what !== did.at(-1)) did.push(what);
  };
  let left = steps;
  const step = (): void => {
    if (left === 0) note("killed");
    left -= 1;
    if (left < 0) throw new Killed("The relay was killed.");
  };
  const db = {
    async query(...parameters: [pg.QueryConfig]) {
      step();
      const result = await database.pool.query(...parameters);
      note(statementInWords(parameters[0], result.rows.length));
      step(); // Killed here, the statement has run, and the relay does not know.
      return result;
    },
  } as Pick<pg.PoolClient, "query">;
  const channel = new ScriptedChannel((message) =>
    setImmediate(() => {
      try {
        step();
        const event = decodeEvent(message.content);
        onTheBus.push(event);
        note(`${named([event])} queued`);
        step(); // Killed here, a queue has the event, and the relay does not know.
        message.confirm();
      } catch {
        message.refuse(); // what the client reports for a channel that is lost
      }
    }),
  );
  try {
    let from = await loadCheckpoint(db, "relay-1");
    for (let pages = 0; ; pages++) {
      const events = await readAllCommitted(db, { after: from, limit });
      if (events.length === 0) break;
      if (pages === 20) expect.fail(`a relay without an end: ${did.slice(0, 8).join(", ")} ...`);
      const relayed = await relayBatch(db, channel, topology, { relay: "relay-1", from, events });
      if (relayed.confirmed < events.length) break;
      from = relayed.checkpoint;
    }
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
  }
  return did.join(", ");
}

function statementInWords(query: string | pg.QueryConfig, rows: number): string {
  const text = typeof query === "string" ? query : query.text;
  if (/^update relay_checkpoints/.test(text)) return "checkpoint moved";
  return text.includes("relay_checkpoints") ? "checkpoint loaded" : `${rows} read`;
}
