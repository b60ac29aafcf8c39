import type { ConfirmChannel } from "amqplib";
import { describe, expect } from "vitest";
import { type Broker, contract } from "./contract.ts";
import { docs } from "./sources.ts";
import { consume, drain, readyIn, send } from "./traffic.ts";

const behaviour = await contract();
const poison = docs("quorum-queues#poison-message-handling");

function quorumQueue(
  broker: Broker,
  channel: ConfirmChannel,
  options: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  return broker.queue(channel, "letters", { arguments: { "x-queue-type": "quorum", ...options } });
}

/** How often the queue says that it has delivered the message before. */
function deliveryCount(message: { readonly properties: { readonly headers: unknown } }): unknown {
  const { headers } = message.properties;
  if (typeof headers !== "object" || headers === null) return 0;
  return "x-delivery-count" in headers ? headers["x-delivery-count"] : 0;
}

describe("a quorum queue", () => {
  behaviour("keeps messages and their order", docs("quorum-queues"), async (broker) => {
    const channel = await broker.openChannel();
    const queue = await quorumQueue(broker, channel);
    const contents = Array.from({ length: 50 }, (_, index) => `letter ${index}`);

    await send(channel, queue, ...contents);

    expect(await drain(channel, queue)).toEqual(contents);
  });

  behaviour(
    "must be durable, not exclusive, not auto-deleted",
    docs("quorum-queues#feature-comparison"),
    async (broker) => {
      const connection = await broker.connect();
      const quorum = { arguments: { "x-queue-type": "quorum" } };

      for (const options of [{ durable: false }, { exclusive: true }, { autoDelete: true }]) {
        const channel = await broker.openChannel(connection);
        const declared = channel.assertQueue(broker.name("letters"), { ...quorum, ...options });
        await expect(declared).rejects.toMatchObject({ code: 406 });
      }
    },
  );

  behaviour("is no classic queue", docs("quorum-queues#declaring"), async (broker) => {
    const channel = await broker.openChannel();
    const queue = await quorumQueue(broker, channel);

    await expect(channel.assertQueue(queue)).rejects.toMatchObject({ code: 406 });
  });

  behaviour("counts the deliveries of each message that failed", poison, async (broker) => {
    const channel = await broker.openChannel();
    const queue = await quorumQueue(broker, channel);
    const deliveries = await consume(channel, queue);
    await send(channel, queue, "a letter");

    const counts: unknown[] = [];
    for (let attempt = 0; attempt < 4; attempt++) {
      const message = await deliveries.next();
      counts.push(deliveryCount(message));
      expect(message.fields.redelivered).toBe(attempt > 0);
      channel.reject(message, true);
    }

    expect(counts).toEqual([0, 1, 2, 3]);
  });

  behaviour("counts a nack as a failure up to RabbitMQ 4.2", poison, async (broker) => {
    const channel = await broker.openChannel();
    const queue = await quorumQueue(broker, channel);
    const deliveries = await consume(channel, queue);
    await send(channel, queue, "a letter");

    channel.nack(await deliveries.next(), false, true);

    const expected = broker.behavesSo("nackIsNoFailure") ? 0 : 1;
    expect(deliveryCount(await deliveries.next())).toBe(expected);
  });

  behaviour("counts a consumer's lost channel as a failure", poison, async (broker) => {
    const connection = await broker.connect();
    const channel = await broker.openChannel(connection);
    const queue = await quorumQueue(broker, channel);
    await send(channel, queue, "a letter");
    await (await consume(channel, queue)).next();

    await channel.close();

    const again = await (await consume(await broker.openChannel(connection), queue)).next();
    expect(again.fields.redelivered).toBe(true);
    expect(deliveryCount(again)).toBe(1);
  });

  behaviour("makes a dead letter of a message that failed too often", poison, async (broker) => {
    const channel = await broker.openChannel();
    const graveyard = await broker.queue(channel, "graveyard");
    const queue = await quorumQueue(broker, channel, {
      "x-delivery-limit": 2,
      "x-dead-letter-exchange": "",
      "x-dead-letter-routing-key": graveyard,
    });
    const deliveries = await consume(channel, queue);
    const dead = await consume(channel, graveyard);
    await send(channel, queue, "poison");

    for (let attempt = 0; attempt <= 2; attempt++) channel.reject(await deliveries.next(), true);

    const letter = await dead.next();
    expect(letter.content.toString()).toBe("poison");
    expect(letter.properties.headers).toMatchObject({
      "x-first-death-reason": "delivery_limit",
      "x-death": [{ reason: "delivery_limit", queue, count: 1, "routing-keys": [queue] }],
    });
    expect(deliveries.arrived).toHaveLength(3);
  });

  behaviour("drops such a message where it has no dead-letter exchange", poison, async (broker) => {
    const channel = await broker.openChannel();
    const queue = await quorumQueue(broker, channel, { "x-delivery-limit": 1 });
    const deliveries = await consume(channel, queue);
    await send(channel, queue, "poison", "fine");
    for (const expected of ["poison", "fine"]) {
      expect((await deliveries.next()).content.toString()).toBe(expected);
    }
    const [poisonous, fine] = deliveries.arrived;
    if (!poisonous || !fine) throw new RangeError("Both have arrived.");
    channel.ack(fine);

    channel.reject(poisonous, true);
    channel.reject(await deliveries.next(), true);
    await send(channel, queue, "the next one");

    expect(await deliveries.texts(1)).toEqual(["the next one"]);
    expect(await readyIn(channel, queue)).toBe(0);
  });

  behaviour("gives a message up after 20 failures from RabbitMQ 4.0 on", poison, async (broker) => {
    const channel = await broker.openChannel();
    const queue = await quorumQueue(broker, channel);
    const deliveries = await consume(channel, queue);
    await send(channel, queue, "poison");
    for (let attempt = 0; attempt <= 20; attempt++) channel.reject(await deliveries.next(), true);

    await send(channel, queue, "the next one");

    const isDropped = broker.behavesSo("defaultDeliveryLimit");
    expect(await deliveries.texts(1)).toEqual([isDropped ? "the next one" : "poison"]);
  });

  behaviour(
    "makes dead letters of rejected messages",
    docs("quorum-queues#dead-lettering"),
    async (broker) => {
      const channel = await broker.openChannel();
      const graveyard = await broker.queue(channel, "graveyard");
      const queue = await quorumQueue(broker, channel, {
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": graveyard,
      });
      const deliveries = await consume(channel, queue);
      const dead = await consume(channel, graveyard);
      await send(channel, queue, "rejected");

      channel.reject(await deliveries.next(), false);

      expect((await dead.next()).properties.headers).toMatchObject({
        "x-death": [{ reason: "rejected", queue, count: 1 }],
      });
    },
  );

  behaviour("knows no global prefetch", docs("quorum-queues#global-qos"), async (broker) => {
    const channel = await broker.openChannel();
    const queue = await quorumQueue(broker, channel);

    const consumed = channel.prefetch(1, true).then(() => consume(channel, queue));

    await expect(consumed).rejects.toThrow();
  });
});
