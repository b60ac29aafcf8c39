import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type ChannelModel, connect } from "amqplib";
import { afterEach, describe, expect, it } from "vitest";
import { type BrokerOptions, startBroker } from "./broker.ts";

const atTheEnd: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of atTheEnd.splice(0).reverse()) await end();
});

async function broker(options: BrokerOptions = {}) {
  const started = await startBroker(options);
  atTheEnd.push(() => started.stop());
  return started;
}

async function client(url: string): Promise<ChannelModel> {
  const connection = await connect(url, { noDelay: true });
  connection.on("error", () => {}); // the test sees it as `close`
  atTheEnd.push(() => connection.close().catch(() => {}));
  return connection;
}

describe("the embedded broker", () => {
  it("is reached on loopback, by the password in its URL", async () => {
    const { url } = await broker();
    const other = await broker();

    expect(url).toMatch(/^amqp:\/\/workshop:[\w-]{24}@127\.0\.0\.1:\d+$/);
    expect(new URL(other.url).password).not.toBe(new URL(url).password);
  });

  it("takes the port that it is given, and rejects one that is taken", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address ? address.port : 0;

    await expect(startBroker({ port })).rejects.toMatchObject({ code: "EADDRINUSE" });
    server.close();
    await once(server, "close");
    expect(new URL((await broker({ port })).url).port).toBe(String(port));
  });

  it("tells its clients when it is stopped, forgets all, and gives its port back", async () => {
    const first = await startBroker();
    const connection = await client(first.url);
    const channel = await connection.createChannel();
    await channel.assertQueue("durable");
    const closed = once(connection, "close");

    await first.stop();

    expect(await closed).toMatchObject([{ code: 320 }]);
    const port = Number(new URL(first.url).port);
    const second = await broker({ port });
    const again = await (await client(second.url)).createChannel();
    again.on("error", () => {});
    await expect(again.checkQueue("durable")).rejects.toMatchObject({ code: 404 });
  });

  it("can be stopped twice", async () => {
    const { stop } = await startBroker();

    await expect(Promise.all([stop(), stop()])).resolves.toBeDefined();
  });

  it("does not keep its process alive", async () => {
    const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
    const module = pathToFileURL(join(import.meta.dirname, "broker.ts")).href;
    const script = `const { startBroker } = await import("${module}"); await startBroker();`;
    const child = spawn(
      process.execPath,
      ["--import", tsx, "--input-type=module", "--eval", script],
      { stdio: "ignore" },
    );

    expect(await once(child, "exit")).toEqual([0, null]);
  });
});

describe("more messages than there is room for", () => {
  it("make their publisher wait, until a consumer has made room", async () => {
    const { url } = await broker({ memoryLimit: 4 * 1024 * 1024 });
    const publisher = await client(url);
    const publishing = await publisher.createConfirmChannel();
    await publishing.assertQueue("full");
    const consumer = await (await client(url)).createChannel();
    const blocked = once(publisher, "blocked");
    const unblocked = once(publisher, "unblocked");

    const count = 200;
    for (let index = 0; index < count; index++) {
      publishing.sendToQueue("full", Buffer.alloc(100_000));
    }
    const confirmed = publishing.waitForConfirms();
    expect(await blocked).toEqual(["low on memory"]);
    expect((await consumer.checkQueue("full")).messageCount).toBeLessThan(count / 2);
    let received = 0;
    await consumer.consume("full", () => received++, { noAck: true });

    await unblocked;
    await confirmed;
    await expect.poll(() => received).toBe(count);
  });

  it("do not hold up those who only consume, nor a connection's end", async () => {
    const { url, stop } = await startBroker({ memoryLimit: 100_000 });
    const publisher = await client(url);
    const publishing = await publisher.createConfirmChannel();
    await publishing.assertQueue("full");
    const blocked = once(publisher, "blocked");
    publishing.sendToQueue("full", Buffer.alloc(200_000));
    await blocked;

    const channel = await (await client(url)).createChannel();
    expect(await channel.get("full", { noAck: true })).toMatchObject({
      fields: { messageCount: 0 },
    });
    await stop();
  });
});

describe("a dead letter that is to arrive at least once", () => {
  it("is kept until there is a queue for it", async () => {
    const { url } = await broker();
    const channel = await (await client(url)).createConfirmChannel();
    await channel.assertQueue("alive", {
      arguments: {
        "x-queue-type": "quorum",
        "x-dead-letter-exchange": "dead-letters",
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
      },
    });
    channel.sendToQueue("alive", Buffer.from("message"));
    await channel.waitForConfirms();
    const message = await channel.get("alive");
    if (message) channel.reject(message, false);
    expect((await channel.checkQueue("alive")).messageCount).toBe(0);

    await channel.assertExchange("dead-letters", "fanout");
    await channel.assertQueue("dead");
    await channel.bindQueue("dead", "dead-letters", "");

    expect(await channel.get("dead")).toMatchObject({
      properties: { headers: { "x-first-death-reason": "rejected" } },
    });
  });
});
