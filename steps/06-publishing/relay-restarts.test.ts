import { type Channel, connect } from "amqplib";
import type pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chaos, type Fault, play } from "../../shared/infrastructure/chaos.ts";
import type { TcpProxy } from "../../shared/infrastructure/proxy.ts";
import { useBroker } from "../../shared/testing/broker.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { useProxies } from "../../shared/testing/proxies.ts";
import { stateOf } from "../../shared/testing/relays.ts";
import { costs, story } from "../../shared/testing/story.ts";
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

describe("a relay whose servers both go down", () => {
  costs("after the power cut the relay goes on behind events that were on their way: all lost");

  it.each([
    ["the broker", () => [brokerProxy, databaseProxy] as const],
    ["the database", () => [databaseProxy, brokerProxy] as const],
  ] as const)(
    "loses nothing and keeps each stream's order, %s being back first",
    async (firstBack, order) => {
      story({
        given: "40 events in each of three streams; the relay has sent 4,000 bytes of them",
        when: [
          "broker and database go down together, each stream gets 10 more,",
          `and ${firstBack} comes back first, the other server a while later`,
        ],
        wanted: "each stream is on the bus, v1 to v50 in this order, once repeats are left out",
      });
      const read = reader();
      await append(40);
      const areDown = brokerProxy.after(4_000, "to-server", () => {
        brokerProxy.takeDown();
        databaseProxy.takeDown();
      });
      const relay = start();
      const gone = () => (brokerProxy.passed["to-server"] < 4_000 ? "less" : "4,000 bytes");
      await until("gone to the broker", gone, "4,000 bytes");
      await areDown;
      await until("a relay without servers", () => stateOf(relay), "not active");

      await append(10);
      const [first, second] = order();
      const failures = errors.length;
      first.bringBack();
      // A try with the one server, and without the other.
      const tried = () => (errors.length > failures ? "and failed" : "not, or with success");
      await until("with one server back the relay tried again", tried, "and failed");
      second.bringBack();

      await untilOnTheBus(read, all(50));
    },
  );

  it("again and again, by turns, loses nothing", async () => {
    story({
      given: "an active relay",
      when: [
        "database, broker, database, broker: each goes down, each of three",
        "streams gets 5 events more, and the server comes back",
      ],
      wanted: "after each return all that is stored is on the bus, each stream in its order",
    });
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
    const faultsOf = (plan: readonly Fault[]) => plan.map(({ fault }) => fault).join(", ");
    const forDatabase = chaos(seed, { within: 1_500, lasting: 60 });
    const forBroker = chaos(seed + 100, { within: 1_500, lasting: 60 });
    story({
      given: [
        `the line to the database meets ${faultsOf(forDatabase)},`,
        `that to the broker ${faultsOf(forBroker)}`,
      ],
      when: "meanwhile each of three streams gets 2 events more, again and again",
      wanted: "in the end all that is stored is on the bus, each stream in its order",
    });
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

    await untilOnTheBus(read, all(stored));
    expect(isOver ? "all" : "not all", "faults that have happened").toBe("all");
  });
});

describe("a relay whose broker falls silent", () => {
  costs("a router forgets the connection, and the relay waits for its confirm for ever");

  it("connects anew, and is through when the broker speaks again", async () => {
    story({
      given: "an active relay, which waits for a confirm for 100 ms",
      when: "nothing of what the broker says arrives any more; 3 events a stream are appended",
      wanted: "it reports RelayStalled; when the line is good again, all 9 events are on the bus",
    });
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
