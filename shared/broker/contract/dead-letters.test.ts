import type { ConfirmChannel, Options } from "amqplib";
import { describe, expect } from "vitest";
import { type Broker, contract } from "./contract.ts";
import { docs } from "./sources.ts";
import { consume, drain, publish, readyIn, send } from "./traffic.ts";

const behaviour = await contract();
const effects = docs("dlx#effects");

/** A queue whose dead letters go through an exchange to another queue, which has a consumer. */
async function withDeadLetters(broker: Broker, options: Options.AssertQueue = {}) {
  const channel = await broker.openChannel();
  const deadLetterExchange = await broker.exchange(channel, "topic", "dead-letters");
  const graveyard = await broker.queue(channel, "graveyard");
  await channel.bindQueue(graveyard, deadLetterExchange, "#");
  const queue = await broker.queue(channel, "letters", { deadLetterExchange, ...options });
  const dead = await consume(channel, graveyard, { noAck: true });
  return { channel, queue, dead, deadLetterExchange };
}

/** Takes the message at the head of the queue and rejects it. */
async function rejectFirst(channel: ConfirmChannel, queue: string): Promise<void> {
  const message = await channel.get(queue);
  expect(message).not.toBe(false);
  if (message !== false) channel.reject(message, false);
}

describe("a dead letter", () => {
  behaviour(
    "tells that it was rejected, where, and how it was published",
    effects,
    async (broker) => {
      const { channel, queue, dead, deadLetterExchange } = await withDeadLetters(broker);
      const exchange = await broker.exchange(channel, "direct");
      await channel.bindQueue(queue, exchange, "news");
      await publish(channel, exchange, "news", "bad news", {
        messageId: "message-1",
        headers: { attempt: 1 },
      });

      await rejectFirst(channel, queue);

      const letter = await dead.next();
      expect(letter.content.toString()).toBe("bad news");
      expect(letter.fields).toMatchObject({
        exchange: deadLetterExchange,
        routingKey: "news",
        redelivered: false,
      });
      expect(letter.properties.messageId).toBe("message-1");
      expect(letter.properties.headers).toMatchObject({
        attempt: 1,
        "x-first-death-reason": "rejected",
        "x-first-death-queue": queue,
        "x-first-death-exchange": exchange,
        "x-death": [
          {
            count: 1,
            reason: "rejected",
            queue,
            exchange,
            "routing-keys": ["news"],
            time: { "!": "timestamp", value: expect.any(Number) },
          },
        ],
      });
    },
  );

  behaviour("carries the time of its death in seconds", effects, async (broker) => {
    const { channel, queue, dead } = await withDeadLetters(broker);
    await send(channel, queue, "a letter");

    await rejectFirst(channel, queue);

    const [death] = (await dead.next()).properties.headers?.["x-death"] ?? [];
    // The broker's clock may be another than ours; a day tells seconds from milliseconds.
    expect(Math.abs((death?.time.value ?? 0) - Date.now() / 1000)).toBeLessThan(86_400);
  });

  behaviour("may have expired by its queue's TTL", effects, async (broker) => {
    const { channel, queue, dead } = await withDeadLetters(broker, { messageTtl: 20 });

    await send(channel, queue, "one", "two");

    const first = await dead.next();
    expect(first.properties.headers).toMatchObject({
      "x-first-death-reason": "expired",
      "x-death": [{ count: 1, reason: "expired", queue, exchange: "", "routing-keys": [queue] }],
    });
    expect(first.content.toString()).toBe("one");
    expect(await dead.texts(1)).toEqual(["two"]);
  });

  behaviour("that expired by itself does not expire again", effects, async (broker) => {
    const { channel, queue, dead } = await withDeadLetters(broker);

    await publish(channel, "", queue, "brief", { expiration: "20" });

    const { properties } = await dead.next();
    expect(properties.expiration).toBeUndefined();
    expect(properties.headers).toMatchObject({
      "x-death": [{ reason: "expired", "original-expiration": "20" }],
    });
  });

  behaviour("may have been too many for its queue", effects, async (broker) => {
    const { channel, queue, dead } = await withDeadLetters(broker, { maxLength: 1 });

    await send(channel, queue, "one", "two", "three");

    const first = await dead.next();
    expect(first.content.toString()).toBe("one");
    expect(first.properties.headers).toMatchObject({
      "x-first-death-reason": "maxlen",
      "x-death": [{ count: 1, reason: "maxlen", queue }],
    });
    expect(await dead.texts(1)).toEqual(["two"]);
    expect(await drain(channel, queue)).toEqual(["three"]);
  });

  behaviour(
    "goes by the queue's own routing key where it has one",
    docs("dlx#routing"),
    async (broker) => {
      const { channel, queue, dead } = await withDeadLetters(broker, {
        deadLetterRoutingKey: "late",
      });
      await send(channel, queue, "a letter");

      await rejectFirst(channel, queue);

      const letter = await dead.next();
      expect(letter.fields.routingKey).toBe("late");
      expect(letter.properties.headers).toMatchObject({ "x-death": [{ "routing-keys": [queue] }] });
    },
  );

  behaviour(
    "may go straight to a queue by the default exchange",
    docs("dlx#routing"),
    async (broker) => {
      const channel = await broker.openChannel();
      const graveyard = await broker.queue(channel, "graveyard");
      const queue = await broker.queue(channel, "letters", {
        deadLetterExchange: "",
        deadLetterRoutingKey: graveyard,
      });
      const dead = await consume(channel, graveyard);
      await send(channel, queue, "a letter");

      await rejectFirst(channel, queue);

      expect(await dead.texts(1)).toEqual(["a letter"]);
    },
  );

  behaviour("is lost where the exchange is not there", docs("dlx#overview"), async (broker) => {
    const channel = await broker.openChannel();
    const queue = await broker.queue(channel, "letters", {
      deadLetterExchange: broker.name("nowhere"),
    });
    await send(channel, queue, "a letter", "another");

    await rejectFirst(channel, queue);

    expect(await drain(channel, queue)).toEqual(["another"]);
  });

  behaviour(
    "is what nack of several makes of each, in order",
    docs("dlx#overview"),
    async (broker) => {
      const { channel, queue, dead } = await withDeadLetters(broker);
      await send(channel, queue, "one", "two", "three");
      await channel.get(queue);
      await channel.get(queue);
      const last = await channel.get(queue);

      if (last !== false) channel.nack(last, true, false);

      expect(await dead.texts(3)).toEqual(["one", "two", "three"]);
    },
  );

  behaviour("is not what a requeued message becomes", docs("dlx#overview"), async (broker) => {
    const { channel, queue, dead } = await withDeadLetters(broker);
    await send(channel, queue, "a letter");
    const message = await channel.get(queue);
    if (message !== false) channel.nack(message, false, true);

    expect(await drain(channel, queue)).toEqual(["a letter"]);
    expect(dead.arrived).toEqual([]);
  });

  behaviour("is not made by purging or deleting a queue", docs("dlx#overview"), async (broker) => {
    const { channel, queue, dead } = await withDeadLetters(broker);
    await send(channel, queue, "one");
    await channel.purgeQueue(queue);
    await send(channel, queue, "two");
    await channel.deleteQueue(queue);

    await publish(channel, broker.name("dead-letters"), "key", "a sign");

    expect(await dead.texts(1)).toEqual(["a sign"]);
  });
});

describe("the deaths of a message", () => {
  behaviour(
    "are counted for each queue and reason, the last one first",
    effects,
    async (broker) => {
      const channel = await broker.openChannel();
      const work = broker.name("work");
      const retry = broker.name("retry");
      await broker.queue(channel, "work", { deadLetterExchange: "", deadLetterRoutingKey: retry });
      await broker.queue(channel, "retry", {
        deadLetterExchange: "",
        deadLetterRoutingKey: work,
        messageTtl: 10,
      });
      const deliveries = await consume(channel, work);
      await send(channel, work, "hard work");

      for (let attempt = 1; attempt <= 3; attempt++) channel.reject(await deliveries.next(), false);

      const last = await deliveries.next();
      expect(last.properties.headers).toMatchObject({
        "x-first-death-reason": "rejected",
        "x-first-death-queue": work,
        "x-death": [
          { reason: "expired", queue: retry, count: 3 },
          { reason: "rejected", queue: work, count: 3 },
        ],
      });
    },
  );

  behaviour(
    "end where it would go round without ever being rejected",
    docs("dlx#routing"),
    async (broker) => {
      const channel = await broker.openChannel();
      const queue = await broker.queue(channel, "round", {
        deadLetterExchange: "",
        messageTtl: 20,
      });

      await send(channel, queue, "round and round");

      await expect.poll(() => readyIn(channel, queue), { interval: 10, timeout: 5_000 }).toBe(0);
      expect(await drain(channel, queue)).toEqual([]);
    },
  );

  behaviour(
    "go on counting in a message that a client publishes again",
    effects,
    async (broker) => {
      const { channel, queue, dead } = await withDeadLetters(broker);
      await send(channel, queue, "a letter");
      await rejectFirst(channel, queue);
      const { content, properties } = await dead.next();

      channel.sendToQueue(queue, content, { headers: properties.headers });
      await channel.waitForConfirms();
      await rejectFirst(channel, queue);

      const again = (await dead.next()).properties.headers;
      const count = broker.behavesSo("publishedDeathsIgnored") ? 1 : 2;
      expect(again?.["x-death"]).toMatchObject([{ reason: "rejected", queue, count }]);
    },
  );
});
