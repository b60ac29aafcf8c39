import { type Channel, connect } from "amqplib";
import type pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chaos, play } from "../../shared/infrastructure/chaos.ts";
import type { TcpProxy } from "../../shared/infrastructure/proxy.ts";
import { useBroker } from "../../shared/testing/broker.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { useProxies } from "../../shared/testing/proxies.ts";
import { until as waitUntil } from "../../shared/testing/waiting.ts";
import { postgresEventStore } from "../../solutions/04-concurrency/event-store.ts";
import { decodeEvent } from "./message.ts";
import { type Relay, type RelayOptions, startRelay } from "./relay.ts";
import { assertExchange, type Topology, topologyFor } from "./topology.ts";

const proxies = useProxies();
const database = useDatabase(6);
const broker = useBroker();

/** The relay reaches its servers through these; the test itself goes beside them. */
let databaseProxy: TcpProxy;
let brokerProxy: TcpProxy;
let pool: pg.Pool;
let topology: Topology;
let looking: Channel;
let queue: string;
const relays: Relay[] = [];
const errors: unknown[] = [];

beforeEach(async () => {
  errors.length = 0;
  databaseProxy = await proxies.before(database.url);
  brokerProxy = await proxies.before(broker.url);
  pool = database.newPool({ connectionString: databaseProxy.url });
  topology = topologyFor(broker.prefix);
  queue = `${broker.prefix}.everything`;
  broker.registerExchanges(topology.exchange);
  broker.registerQueues(queue);
  looking = await (await broker.connect()).createChannel();
  await assertExchange(looking, topology);
  await looking.assertQueue(queue, { durable: true });
  await looking.bindQueue(queue, topology.exchange, "#");
});

afterEach(async () => {
  await Promise.all(relays.splice(0).map((relay) => relay.stop()));
});

function start(options: Partial<RelayOptions> = {}): Relay {
  const relay = startRelay({
    pool,
    name: "relay-1",
    topology,
    pollEvery: 20,
    batchSize: 10,
    connectBroker: () => connect(brokerProxy.url, { noDelay: true }),
    onError: (error) => errors.push(error),
    ...options,
  });
  relays.push(relay);
  return relay;
}

/** `count` more events in each of three streams. */
async function append(count: number): Promise<void> {
  const store = postgresEventStore(database.pool);
  for (const streamId of ["reservation-1", "reservation-2", "reservation-3"]) {
    const events = Array.from({ length: count }, () => newEvent({ type: "A", data: {} }));
    await store.append(streamId, events, "any");
  }
}

/** For each stream the versions on the bus so far, in the order in which they first came. */
function reader(): () => Promise<Readonly<Record<string, readonly number[]>>> {
  const streams: Record<string, number[]> = {};
  return async () => {
    for (;;) {
      const message = await looking.get(queue, { noAck: true });
      if (!message) return streams;
      const { streamId, version } = decodeEvent(message.content);
      const seen = streams[streamId] ?? [];
      if (!seen.includes(version)) streams[streamId] = [...seen, version];
    }
  };
}

/** What `reader` finds when each stream has so many events and all of them came in order. */
function all(count: number): Readonly<Record<string, readonly number[]>> {
  const versions = Array.from({ length: count }, (_, index) => index + 1);
  return { "reservation-1": versions, "reservation-2": versions, "reservation-3": versions };
}

function until<Value>(
  what: string,
  read: () => Promise<Value> | Value,
  expected: Value,
): Promise<void> {
  return waitUntil(what, read, expected, errors);
}

function untilOnTheBus(
  read: ReturnType<typeof reader>,
  events: ReturnType<typeof all>,
): Promise<void> {
  return until("versions on the bus", read, events);
}

function stateOf(relay: Relay): "active" | "not active" {
  return relay.isActive() ? "active" : "not active";
}

describe("a relay whose servers both go down", () => {
  it.each([
    ["the broker", () => [brokerProxy, databaseProxy] as const],
    ["the database", () => [databaseProxy, brokerProxy] as const],
  ] as const)(
    "loses nothing and keeps each stream's order, %s being back first",
    async (_, order) => {
      const read = reader();
      await append(40);
      const areDown = brokerProxy.after(4_000, "to-server", () => {
        brokerProxy.takeDown();
        databaseProxy.takeDown();
      });
      const relay = start();
      const bytes = (): boolean => brokerProxy.passed["to-server"] >= 4_000;
      await until("have 4,000 bytes gone to the broker", bytes, true);
      expect(await areDown).toBe(true);
      await until("a relay without servers", () => stateOf(relay), "not active");

      await append(10);
      const [first, second] = order();
      const failures = errors.length;
      first.bringBack();
      // A try with the one server, and without the other.
      await until("has the relay failed again", () => errors.length > failures, true);
      second.bringBack();

      await untilOnTheBus(read, all(50));
    },
  );

  it("again and again, by turns, loses nothing", async () => {
    const read = reader();
    const relay = start();
    let stored = 0;
    for (const proxy of [databaseProxy, brokerProxy, databaseProxy, brokerProxy]) {
      await until("the relay", () => stateOf(relay), "active");
      proxy.takeDown();
      stored += 5;
      await append(5);
      await until("a relay without a server", () => stateOf(relay), "not active");
      proxy.bringBack();
      await untilOnTheBus(read, all(stored));
    }
  });

  it.each([1, 2, 3])("by a fault plan each, %i, loses nothing", async (seed) => {
    const forDatabase = chaos(seed, { within: 1_500, lasting: 60 });
    const forBroker = chaos(seed + 100, { within: 1_500, lasting: 60 });
    const read = reader();
    start({ confirmTimeout: 1_000 });
    let isOver = false;
    const played = Promise.all([play(databaseProxy, forDatabase), play(brokerProxy, forBroker)]);
    void played.then(() => {
      isOver = true;
    });

    let stored = 0;
    while (stored < 400 && !(isOver && stored >= 40)) {
      stored += 2;
      await append(2);
    }

    const plans = JSON.stringify({ forDatabase, forBroker });
    await until(`versions on the bus, with the plans ${plans}`, read, all(stored));
    expect(isOver, "the plans are over").toBe(true);
  });
});

describe("a relay whose broker falls silent", () => {
  it("connects anew, and is through when the broker speaks again", async () => {
    const read = reader();
    const relay = start({ confirmTimeout: 100 });
    await until("the relay", () => stateOf(relay), "active");
    brokerProxy.stall("to-client");
    await append(3);

    await until(
      "what the relay reports",
      () => errors.map((error) => (error instanceof Error ? error.name : error)),
      ["RelayStalled"],
    );
    brokerProxy.resume();

    await untilOnTheBus(read, all(3));
  });
});
