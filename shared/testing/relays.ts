/** What the tests of step 06's relay stand on: an exchange of its own, relays that end, and what is on the bus. */

import { type Channel, type ChannelModel, connect } from "amqplib";
import { afterEach, beforeEach } from "vitest";
import { postgresEventStore } from "../../solutions/04-concurrency/event-store.ts";
import { decodeEvent } from "../../solutions/06-publishing/message.ts";
import type { Relay, RelayOptions } from "../../solutions/06-publishing/relay.ts";
import {
  assertExchange,
  type Topology,
  topologyFor,
} from "../../solutions/06-publishing/topology.ts";
import type { TestBroker } from "./broker.ts";
import type { TestDatabase } from "./database.ts";
import { newEvent } from "./new-events.ts";
import { until as waitUntil } from "./waiting.ts";

export interface TestRelays {
  /** Of the relays of this test, in the order in which they were opened. */
  readonly connections: readonly ChannelModel[];
  /** What the relays of this test have reported. */
  readonly errors: unknown[];
  /** A queue that gets every event. */
  addQueue(options?: Record<string, unknown>): Promise<string>;
  /** A relay that is stopped after the test. */
  start(options?: Partial<RelayOptions>): Relay;
  /** Appends an event of each of these types, and rings no bell. */
  append(streamId: string, ...types: readonly string[]): Promise<void>;
  /** Reads the queue empty whenever it is called; gives all events so far, without repeats. */
  reader(queue: string): () => Promise<readonly string[]>;
  /** Waits until `read` gives what is expected, which is `what`; a mistake that a relay reports ends it. */
  until<Value>(what: string, read: () => Promise<Value> | Value, expected: Value): Promise<void>;
  untilActive(relay: Relay): Promise<void>;
  untilOnTheBus(read: () => Promise<readonly string[]>, events: readonly string[]): Promise<void>;
}

/** Relays of the given code, between these two servers. Call it at the top of the file, after both. */
export function useRelays(
  startRelay: (options: RelayOptions) => Relay,
  database: TestDatabase,
  broker: TestBroker,
): TestRelays {
  let topology: Topology;
  let looking: Channel;
  const relays: Relay[] = [];
  const connections: ChannelModel[] = [];
  const errors: unknown[] = [];

  beforeEach(async () => {
    topology = topologyFor(broker.prefix);
    broker.registerExchanges(topology.exchange);
    looking = await (await broker.connect()).createChannel();
    await assertExchange(looking, topology);
    errors.length = 0;
    connections.length = 0;
  });

  // After the broker's own hook in the file, so before it in time: relays end, then queues go.
  afterEach(async () => {
    await Promise.all(relays.splice(0).map((relay) => relay.stop()));
  });

  const until: TestRelays["until"] = (what, read, expected) =>
    waitUntil(what, read, expected, errors);

  return {
    connections,
    errors,
    async addQueue(options = {}) {
      const queue = `${broker.prefix}.everything`;
      broker.registerQueues(queue);
      await looking.assertQueue(queue, { durable: true, arguments: options });
      await looking.bindQueue(queue, topology.exchange, "#");
      return queue;
    },
    start(options = {}) {
      const relay = startRelay({
        pool: database.pool,
        name: "relay-1",
        topology,
        pollEvery: 50,
        confirmTimeout: 1_000,
        connectBroker: async () => {
          const connection = await connect(broker.url);
          connections.push(connection);
          return connection;
        },
        onError: (error) => errors.push(error),
        ...options,
      });
      relays.push(relay);
      return relay;
    },
    async append(streamId, ...types) {
      const events = types.map((type) => newEvent({ type, data: {} }));
      await postgresEventStore(database.pool).append(streamId, events, "any");
    },
    reader(queue) {
      const seen = new Set<string>();
      return async () => {
        for (;;) {
          const message = await looking.get(queue, { noAck: true });
          if (!message) return [...seen];
          const { streamId, version } = decodeEvent(message.content);
          seen.add(`${streamId} v${version}`);
        }
      };
    },
    until,
    untilActive: (relay) => until("the relay", () => stateOf(relay), "active"),
    untilOnTheBus: (read, events) => until("on the bus", read, events),
  };
}

export function stateOf(relay: Relay): "active" | "not active" {
  return relay.isActive() ? "active" : "not active";
}

/** The names of the errors, each once. */
export function namesOf(failures: readonly unknown[]): readonly string[] {
  return [...new Set(failures.map(nameOf))];
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}
