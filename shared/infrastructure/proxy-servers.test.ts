/** What the servers' clients make of the proxy's faults: the ground that the steps' chaos tests stand on. */

import { type ConfirmChannel, connect } from "amqplib";
import pg from "pg";
import { describe, expect, inject, it } from "vitest";
import { useBroker } from "../testing/broker.ts";
import { useDatabase } from "../testing/database.ts";
import { useProxies } from "../testing/proxies.ts";

const proxies = useProxies();
const database = useDatabase(3);
const broker = useBroker();
/** A session of PostgreSQL as the other sessions see it: `active: select 1`, or nothing. */
async function activityOf(application: string): Promise<string> {
  const { rows } = await database.pool.query<{ activity: string }>(
    `select state || ': ' || query as activity from pg_stat_activity
      where application_name = $1 and datname = current_database()`,
    [application],
  );
  return rows.map(({ activity }) => activity).join();
}

describe.runIf("url" in inject("postgres"))("PostgreSQL behind a proxy", () => {
  /** Two clients of the server: one through the proxy, one beside it. */
  async function clients() {
    const proxy = await proxies.before(database.url);
    const through = new pg.Client({ connectionString: proxy.url, application_name: "through" });
    through.on("error", () => {}); // the query tells
    await through.connect();
    return { proxy, through };
  }

  it("rejects the query in flight when its line is cut", async () => {
    const { proxy, through } = await clients();
    const query = through.query("select pg_sleep(60)").catch((error: unknown) => error);
    await expect.poll(() => activityOf("through")).toBe("active: select pg_sleep(60)");

    proxy.cut();

    expect(await query).toBeInstanceOf(Error);
    await expect(through.query("select 1")).rejects.toThrow();
    await database.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'through' and datname = current_database()`,
    );
  });

  it("keeps a query waiting that it has answered, while its line is stalled", async () => {
    const { proxy, through } = await clients();
    proxy.stall("to-client");
    let isAnswered = false;
    const query = through.query("select 42 as answer").finally(() => {
      isAnswered = true;
    });
    await expect.poll(() => activityOf("through")).toBe("idle: select 42 as answer");
    expect(isAnswered).toBe(false);

    proxy.resume();

    expect((await query).rows).toEqual([{ answer: 42 }]);
    await through.end();
  });

  it("has committed before it answers: who is cut off within the answer does not know it", async () => {
    const proxy = await proxies.before(database.url);
    await database.pool.query("create table marks (mark integer)");
    const outcomes = new Set<string>();
    for (let mark = 1; ; mark++) {
      const client = new pg.Client(proxy.url);
      client.on("error", () => {});
      await client.connect();
      const isCut = proxy.cutAfter(mark, "to-client");
      const heard = await client.query("insert into marks values ($1)", [mark]).then(
        () => "heard",
        () => "not heard",
      );
      await client.end();
      const { rowCount } = await database.pool.query("select from marks where mark = $1", [mark]);
      outcomes.add(`${heard}, ${rowCount === 1 ? "committed" : "not committed"}`);
      if (heard === "heard") {
        await proxy.stop();
        await isCut;
        break;
      }
    }
    expect([...outcomes]).toEqual(["not heard, committed", "heard, committed"]);
  });

  it("frees the lock of a client that is cut off on the server's side, and does not know it", async () => {
    const { proxy, through } = await clients();
    await through.query("select pg_advisory_lock(1)");
    const isFree = async (): Promise<boolean> => {
      const { rows } = await database.pool.query<{ free: boolean }>(
        "select pg_try_advisory_xact_lock(1) as free",
      );
      return rows[0]?.free ?? false;
    };
    expect(await isFree()).toBe(false);
    let isOver = false;
    through.on("end", () => {
      isOver = true;
    });

    proxy.cut("to-server");

    await expect.poll(isFree).toBe(true);
    expect(isOver).toBe(false);
    proxy.cut();
    await expect.poll(() => isOver).toBe(true);
  });

  it("is found again by a pool once it is back", async () => {
    const proxy = await proxies.before(database.url);
    const pool = database.newPool({ connectionString: proxy.url });
    await Promise.all([pool.query("select 1"), pool.query("select 1")]);
    expect(proxy.connections).toBe(2);

    proxy.takeDown();
    await expect(pool.query("select 1")).rejects.toThrow();
    await expect(pool.query("select 1")).rejects.toThrow();
    proxy.bringBack();

    await expect.poll(() => pool.query("select 1").then(({ rowCount }) => rowCount)).toBe(1);
  });
});

describe.runIf("url" in inject("rabbitmq"))("RabbitMQ behind a proxy", () => {
  async function openQueue(): Promise<{ queue: string; beside: ConfirmChannel }> {
    const queue = `${broker.prefix}.queue`;
    broker.registerQueues(queue);
    const beside = await (await broker.connect()).createConfirmChannel();
    await beside.assertQueue(queue, { durable: true });
    return { queue, beside };
  }

  it.each([200, 500, 1_000])(
    "has every message that it confirmed before its line was cut, %i bytes on",
    async (bytes) => {
      const { queue, beside } = await openQueue();
      const proxy = await proxies.before(broker.url);
      const connection = await connect(proxy.url, { noDelay: true });
      connection.on("error", () => {});
      const closed = new Promise((resolve) => connection.on("close", resolve));
      const channel = await connection.createConfirmChannel();
      channel.on("error", () => {});
      const isCut = proxy.cutAfter(bytes, "to-client");

      const confirmed: number[] = [];
      let isOpen = true;
      void closed.then(() => {
        isOpen = false;
      });
      for (let number = 1; isOpen; number++) {
        try {
          channel.sendToQueue(queue, Buffer.from(`${number}`), { persistent: true }, (error) => {
            if (!error) confirmed.push(number);
          });
        } catch {
          break; // closed in this very turn
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
      await Promise.all([isCut, closed]);

      const arrived = new Set<number>();
      for (;;) {
        const message = await beside.get(queue, { noAck: true });
        if (!message) break;
        arrived.add(Number(message.content.toString()));
      }
      expect(confirmed.length).toBeGreaterThan(0);
      expect(confirmed.filter((number) => !arrived.has(number))).toEqual([]);
    },
  );

  it("is missed by its client's heartbeat when the line is stalled", async () => {
    const proxy = await proxies.before(broker.url);
    const url = new URL(proxy.url);
    url.searchParams.set("heartbeat", "1");
    const connection = await connect(url.href);
    const error = new Promise((resolve) => connection.on("error", resolve));

    proxy.stall();

    expect(await error).toMatchObject({ message: expect.stringMatching(/heartbeat/i) });
  });

  it("delivers again what it has not heard the acknowledgement of", async () => {
    const { queue, beside } = await openQueue();
    beside.sendToQueue(queue, Buffer.from("1"), { persistent: true });
    await beside.waitForConfirms();
    const proxy = await proxies.before(broker.url);
    const connection = await connect(proxy.url, { noDelay: true });
    connection.on("error", () => {});
    const channel = await connection.createChannel();
    const message = await channel.get(queue);
    expect.assert(message);

    proxy.stall("to-server");
    channel.ack(message);
    proxy.cut();

    await expect.poll(async () => (await beside.checkQueue(queue)).messageCount).toBe(1);
    expect(await beside.get(queue, { noAck: true })).toMatchObject({
      fields: { redelivered: true },
    });
  });
});
