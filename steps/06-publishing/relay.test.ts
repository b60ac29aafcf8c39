import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { type Channel, type ChannelModel, connect } from "amqplib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import { useBroker } from "../../shared/testing/broker.ts";
import { checkedOut } from "../../shared/testing/connections.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { newEvent } from "../../shared/testing/new-events.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { soon, until as waitUntil } from "../../shared/testing/waiting.ts";
import { postgresEventStore } from "../../solutions/04-concurrency/event-store.ts";
import { decodeEvent } from "./message.ts";
import { notifying } from "./notifying.ts";
import { type Relay, type RelayOptions, startRelay } from "./relay.ts";
import { schemaFile } from "./schema.ts";
import { assertExchange, type Topology, topologyFor } from "./topology.ts";

const aMinute = 60_000;
const database = useDatabase(6);
const broker = useBroker();

let topology: Topology;
let looking: Channel;
const relays: Relay[] = [];
const processes: ChildProcess[] = [];
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

afterEach(async () => {
  for (const process of processes.splice(0)) process.kill("SIGKILL");
  await Promise.all(relays.splice(0).map((relay) => relay.stop()));
});

/** A queue that gets every event. */
async function addQueue(options: Record<string, unknown> = {}): Promise<string> {
  const queue = `${broker.prefix}.everything`;
  broker.registerQueues(queue);
  await looking.assertQueue(queue, { durable: true, arguments: options });
  await looking.bindQueue(queue, topology.exchange, "#");
  return queue;
}

function start(options: Partial<RelayOptions> = {}): Relay {
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
}

async function append(streamId: string, ...types: readonly string[]): Promise<void> {
  const events = types.map((type) => newEvent({ type, data: {} }));
  await postgresEventStore(database.pool).append(streamId, events, "any");
}

function until<Value>(
  what: string,
  read: () => Promise<Value> | Value,
  expected: Value,
): Promise<void> {
  return waitUntil(what, read, expected, errors);
}

function untilActive(relay: Relay): Promise<void> {
  return until("the relay", () => stateOf(relay), "active");
}

function untilOnTheBus(
  read: () => Promise<readonly string[]>,
  events: readonly string[],
): Promise<void> {
  return until("on the bus", read, events);
}

function stateOf(relay: Relay): "active" | "not active" {
  return relay.isActive() ? "active" : "not active";
}

/** Reads the queue empty whenever it is called; gives all events so far, without repeats. */
function reader(queue: string): () => Promise<readonly string[]> {
  const seen = new Set<string>();
  return async () => {
    for (;;) {
      const message = await looking.get(queue, { noAck: true });
      if (!message) return [...seen];
      const { streamId, version } = decodeEvent(message.content);
      seen.add(`${streamId} v${version}`);
    }
  };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}

function namesOf(failures: readonly unknown[]): readonly string[] {
  return [...new Set(failures.map(nameOf))];
}

/** As when the network or the broker goes away: no goodbye is said. */
function cut(connection: ChannelModel | undefined): void {
  if (connection === undefined) throw new TypeError("The relay is not connected.");
  const inner: object = connection.connection;
  if (!("stream" in inner) || !(inner.stream instanceof Socket)) {
    throw new TypeError("amqplib keeps its socket elsewhere now.");
  }
  inner.stream.destroy(new Error("cut off"));
}

async function cutDatabaseConnections(application: string): Promise<void> {
  const { rowCount } = await database.pool.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1",
    [application],
  );
  expect(rowCount, "database connections of the relay that were cut").toBeGreaterThan(0);
}

describe("a relay", () => {
  costs("the guest has cancelled, the store knows it, and housekeeping makes up the room");

  it("brings what is stored to the bus, each stream in its order", async () => {
    story({
      given: "reservation-1 v1 to v3 and reservation-2 v1 are stored, and a queue is bound",
      when: "a relay starts",
      wanted: "the queue gets all four events, reservation-1 as v1, v2, v3",
    });
    const queue = await addQueue();
    await append("reservation-1", "A", "B", "C");
    await append("reservation-2", "A");

    start();
    const read = reader(queue);
    await untilOnTheBus(
      async () => [...(await read())].sort(),
      ["reservation-1 v1", "reservation-1 v2", "reservation-1 v3", "reservation-2 v1"],
    );

    const ofOneStream = (await read()).filter((event) => event.startsWith("reservation-1"));
    expect(ofOneStream, "a stream's events in the order of the bus").toEqual([
      "reservation-1 v1",
      "reservation-1 v2",
      "reservation-1 v3",
    ]);
  });

  it("goes on where the one before it stopped", async () => {
    story({
      given: "a relay has published reservation-1 v1 and was stopped; then v2 is appended",
      when: "another relay of the same name starts",
      wanted: "it publishes reservation-1 v2, and v1 no second time",
      costs: "with each deployment the whole store is published again, and nothing new for hours",
    });
    const queue = await addQueue();
    await append("reservation-1", "A");
    const first = start();
    const published = reader(queue);
    await untilOnTheBus(published, ["reservation-1 v1"]);
    await first.stop();
    await append("reservation-1", "B");

    start();

    await untilOnTheBus(reader(queue), ["reservation-1 v2"]);
  });

  it("never publishes what was rolled back", async () => {
    story({
      given: "a relay runs; an open transaction has appended reservation-1 v1",
      when: "reservation-2 v1 is appended, then the transaction is rolled back",
      wanted: "reservation-2 v1 alone is published",
      costs: "a guest gets the confirmation of a reservation that was rolled back",
    });
    const queue = await addQueue();
    start();
    const transaction = await database.pool.connect();
    await transaction.query("begin");
    const store = notifying(postgresEventStore(transaction), database.pool);
    await store.append("reservation-1", [newEvent({ type: "A", data: {} })], "any");
    await append("reservation-2", "A");
    await transaction.query("rollback");
    transaction.release();

    await untilOnTheBus(reader(queue), ["reservation-2 v1"]);
  });

  it("is woken by a notification", async () => {
    story({
      given: "a relay has nothing to do, and polls once a minute",
      when: "reservation-1 v1, v2 and v3 are appended to a store that notifies",
      wanted: "all three are published within seconds: the bell wakes it each time",
      costs: "each booking is known to the hotel a polling interval after the guest's mail",
    });
    const queue = await addQueue();
    const relay = start({ pollEvery: aMinute });
    await untilActive(relay);
    const store = notifying(postgresEventStore(database.pool), database.pool);
    const read = reader(queue);

    for (const type of ["A", "B", "C"]) {
      await store.append("reservation-1", [newEvent({ type, data: {} })], "any");
    }

    await untilOnTheBus(read, ["reservation-1 v1", "reservation-1 v2", "reservation-1 v3"]);
  });

  it("finds by polling what nobody notified it of", async () => {
    story({
      given: "a relay has nothing to do, and polls each 20 ms",
      when: "reservation-1 v1, and later v2, are appended to a store that does not notify",
      wanted: "both are published: each wait ends by itself",
      costs: "one lost notification, and an event stays unpublished until the next append",
    });
    const queue = await addQueue();
    const relay = start({ pollEvery: 20 });
    await untilActive(relay);
    const read = reader(queue);

    await append("reservation-1", "A");
    await untilOnTheBus(read, ["reservation-1 v1"]);
    await append("reservation-1", "B");

    await untilOnTheBus(read, ["reservation-1 v1", "reservation-1 v2"]);
  });

  it("keeps an event that no queue is bound for until one is", async () => {
    story({
      given: "reservation-1 v1 and v2 are stored, and no queue is bound",
      when: "a relay starts; once it has reported PublishFailed, a queue is bound",
      wanted: "the queue gets v1 and v2",
      costs: "a day without the subscriber's queue, and the events of that day are nowhere",
    });
    await append("reservation-1", "A", "B");
    start();
    await until("what the relay reports", () => namesOf(errors), ["PublishFailed"]);

    const queue = await addQueue();

    await untilOnTheBus(reader(queue), ["reservation-1 v1", "reservation-1 v2"]);
  });

  it("keeps the order when a full queue refuses events", async () => {
    story({
      given: "reservation-1 v1 to v6 are stored; the queue holds 2 messages, and refuses more",
      when: "a relay starts; once it has reported PublishFailed, the queue is emptied bit by bit",
      wanted: "v1 to v6 come out of the queue in this order, and each of them does come",
      costs: "on the busiest evening a stay is cancelled on the bus, and confirmed after that",
    });
    const queue = await addQueue({ "x-max-length": 2, "x-overflow": "reject-publish" });
    await append("reservation-1", "A", "B", "C", "D", "E", "F");
    start();
    await until("what the relay reports", () => namesOf(errors), ["PublishFailed"]);

    await untilOnTheBus(
      reader(queue),
      [1, 2, 3, 4, 5, 6].map((version) => `reservation-1 v${version}`),
    );
  });

  it("stops with nothing left behind", async () => {
    story({
      given: "a relay has published reservation-1 v1, and waits for more",
      when: "it is stopped",
      wanted: "stop() ends; no connection of the relay is open any more, and no lock is held",
      costs: "a deployment waits for a relay that does not end, and none has taken over",
    });
    const queue = await addQueue();
    const pool = database.newPool();
    await append("reservation-1", "A");
    const relay = start({ pool });
    await untilOnTheBus(reader(queue), ["reservation-1 v1"]);
    const closed = new Promise<void>((resolve) => connections[0]?.once("close", () => resolve()));

    await soon(relay.stop(), "stop() does not end");

    await soon(closed, "the relay has stopped, and its connection to the broker is open");
    expect(stateOf(relay), "the relay that has stopped").toBe("not active");
    expect(checkedOut(pool), "database connections that it holds").toBe(0);
    const locks = async (): Promise<number | null> => {
      const { rowCount } = await database.pool.query(
        `select from pg_locks join pg_database on pg_database.oid = pg_locks.database
          where locktype = 'advisory' and datname = current_database()`,
      );
      return rowCount;
    };
    await until("locks that it holds", locks, 0);
  });
});

describe("a relay that loses its servers", () => {
  costs("RabbitMQ is restarted on Sunday night, and on Monday nothing has been published");

  it("connects to the broker again", async () => {
    story({
      given: "a relay is active, and has nothing to do",
      when: "its connection to the broker is cut, twice, an event appended after each",
      wanted: "reservation-1 v1 and v2 are published, each over a new connection",
    });
    const queue = await addQueue();
    const relay = start();
    await untilActive(relay);
    const read = reader(queue);

    cut(connections[0]);
    await append("reservation-1", "A");
    await untilOnTheBus(read, ["reservation-1 v1"]);
    cut(connections[1]);
    await append("reservation-1", "B");

    await untilOnTheBus(read, ["reservation-1 v1", "reservation-1 v2"]);
  });

  it("connects to the database again", async () => {
    story({
      given: "a relay is active, and has nothing to do",
      when: "its connections to the database are cut, twice, an event appended after each",
      wanted: "reservation-1 v1 and v2 are published, each over a new connection",
      costs: "the database fails over, and from then on the relay waits for nothing",
    });
    const queue = await addQueue();
    const pool = database.newPool({ application_name: "lonely-relay" });
    const relay = start({ pool });
    await untilActive(relay);
    const read = reader(queue);

    await cutDatabaseConnections("lonely-relay");
    await append("reservation-1", "A");
    await untilOnTheBus(read, ["reservation-1 v1"]);
    await cutDatabaseConnections("lonely-relay");
    await append("reservation-1", "B");

    await untilOnTheBus(read, ["reservation-1 v1", "reservation-1 v2"]);
  });

  it("gives up waiting for confirms that never come", async () => {
    story({
      given: "reservation-1 v1 and v2 are stored; the relay's first channel swallows all it gets",
      when: "a relay starts, which waits for a confirm for 100 ms",
      wanted: "it reports RelayStalled, connects anew, and publishes v1 and v2",
      costs: "a connection dies without a word, and the relay waits for its confirm for ever",
    });
    const queue = await addQueue();
    await append("reservation-1", "A", "B");
    let isDeaf = true;
    start({
      confirmTimeout: 100,
      connectBroker: async () => {
        const connection = await connect(broker.url);
        const channel = await connection.createConfirmChannel();
        if (isDeaf) channel.publish = () => true; // and nobody ever hears of it
        isDeaf = false;
        connection.createConfirmChannel = async () => channel;
        return connection;
      },
    });

    await untilOnTheBus(reader(queue), ["reservation-1 v1", "reservation-1 v2"]);

    expect(namesOf(errors), "what the relay reported").toEqual(["RelayStalled"]);
  });
});

describe("relays of one name", () => {
  costs("a server dies at night, and the relay that stood by for that publishes nothing");

  it("work one at a time: when one stops, another takes over", async () => {
    story({
      given: "a relay is active, another of its name has started; reservation-1 v1 is published",
      when: "the first is stopped, and reservation-1 v2 is appended",
      wanted: "the second was not active before, is active now, and publishes v2",
    });
    const queue = await addQueue();
    const first = start();
    await untilActive(first);
    const second = start();
    await append("reservation-1", "A");
    const read = reader(queue);
    await untilOnTheBus(read, ["reservation-1 v1"]);
    expect(stateOf(second), "the second relay").toBe("not active");

    await first.stop();
    await append("reservation-1", "B");

    await untilOnTheBus(read, ["reservation-1 v1", "reservation-1 v2"]);
    expect(stateOf(second), "the second relay").toBe("active");
  });

  it("take over within two seconds when the active process is killed", async () => {
    story({
      given: "a relay in a process of its own has published reservation-1 v1 and v2; another waits",
      when: "the process is killed with SIGKILL, and v3 is appended",
      wanted: "the other was not active before, and has published v3 within 2 seconds",
    });
    const queue = await addQueue();
    const read = reader(queue);
    await append("reservation-1", "A");
    const active = startProcess("relay-1");
    await Promise.race([
      firstWordOf(active).then(() => untilOnTheBus(read, ["reservation-1 v1"])),
      once(active, "exit").then(() => expect.fail("the relay's process has ended by itself")),
    ]);
    const standby = start();
    await append("reservation-1", "B");
    await untilOnTheBus(read, ["reservation-1 v1", "reservation-1 v2"]);
    expect(stateOf(standby), "the standby").toBe("not active");

    const killed = performance.now();
    active.kill("SIGKILL");
    await append("reservation-1", "C");
    await untilOnTheBus(read, ["reservation-1 v1", "reservation-1 v2", "reservation-1 v3"]);

    expect(stateOf(standby), "the standby").toBe("active");
    expect(performance.now() - killed, "ms from the kill to the standby's event").toBeLessThan(
      2_000,
    );
  });
});

/** Resolves when the process, which takes a while to start, reports its first batch or failure. */
async function firstWordOf({ stdout, stderr }: ChildProcess): Promise<void> {
  if (!stdout || !stderr) throw new TypeError("Nobody reads what the process prints.");
  await Promise.race([once(stdout, "data"), once(stderr, "data")]);
}

/** A process of the same tree as the code under test: the reference's, or the learner's. */
function startProcess(name: string): ChildProcess {
  const file = fileURLToPath(new URL("./relay-process.ts", schemaFile));
  const child = spawn(process.execPath, ["--import", "tsx", file], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      DATABASE_URL: database.url,
      AMQP_URL: broker.url,
      BUS_PREFIX: broker.prefix,
      RELAY_NAME: name,
    },
  });
  // Its relay prints each failure; what is not written yet is so in the other process too.
  child.stderr?.on("data", (chunk: Buffer) => {
    const printed = chunk.toString();
    const unwritten = /^(\w+) is not written yet/m.exec(printed)?.[1];
    errors.push(unwritten === undefined ? printed : new NotImplemented(unwritten));
  });
  processes.push(child);
  return child;
}
