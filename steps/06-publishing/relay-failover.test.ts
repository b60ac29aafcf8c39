import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { type ChannelModel, connect } from "amqplib";
import { afterEach, describe, expect, it } from "vitest";
import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import { useBroker } from "../../shared/testing/broker.ts";
import { useDatabase } from "../../shared/testing/database.ts";
import { namesOf, stateOf, useRelays } from "../../shared/testing/relays.ts";
import { costs, story } from "../../shared/testing/story.ts";
import { startRelay } from "./relay.ts";
import { schemaFile } from "./schema.ts";

const database = useDatabase(6);
const broker = useBroker();
const { addQueue, append, connections, errors, reader, start, untilActive, untilOnTheBus } =
  useRelays(startRelay, database, broker);

const processes: ChildProcess[] = [];

afterEach(() => {
  for (const process of processes.splice(0)) process.kill("SIGKILL");
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
    `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = $1`,
    [application],
  );
  expect(rowCount, "database connections of the relay that were cut").toBeGreaterThan(0);
}

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
