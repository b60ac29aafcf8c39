import { describe, expect } from "vitest";
import { contract } from "./contract.ts";
import { docs, method } from "./sources.ts";
import { drain, publish, send } from "./traffic.ts";

const behaviour = await contract();

describe("a confirm", () => {
  behaviour(
    "comes for each message exactly once, numbered from 1",
    docs("confirms#publisher-confirms"),
    async (broker) => {
      const channel = await broker.openChannel();
      const queue = await broker.queue(channel, "letters");
      const confirmed: number[] = [];
      let before = 0;
      channel.on("ack", ({ deliveryTag, multiple }) => {
        // A confirm of several stands for all that are open up to its number.
        const first = multiple ? before + 1 : deliveryTag;
        for (let tag = first; tag <= deliveryTag; tag++) {
          if (!confirmed.includes(tag)) confirmed.push(tag);
        }
        if (multiple) before = deliveryTag;
      });

      await send(channel, queue, ...Array.from({ length: 300 }, (_, index) => `${index}`));

      expect(confirmed.toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: 300 }, (_, index) => index + 1),
      );
    },
  );

  behaviour(
    "comes in the order of publishing for one durable queue",
    docs("confirms#publisher-confirms"),
    async (broker) => {
      const channel = await broker.openChannel();
      const queue = await broker.queue(channel, "letters");
      const order: number[] = [];

      const all = Array.from({ length: 100 }, (_, index) =>
        publish(channel, "", queue, `letter ${index}`).then(() => order.push(index)),
      );
      await Promise.all(all);

      expect(order).toEqual(order.toSorted((a, b) => a - b));
    },
  );

  behaviour(
    "says that the message is in its queue",
    docs("confirms#publisher-confirms"),
    async (broker) => {
      const channel = await broker.openChannel();
      const exchange = await broker.exchange(channel, "fanout");
      const queues = [await broker.queue(channel, "first"), await broker.queue(channel, "second")];
      for (const queue of queues) await channel.bindQueue(queue, exchange, "");
      const reader = await broker.openChannel();

      await publish(channel, exchange, "", "a letter", { persistent: true });

      for (const queue of queues) expect(await drain(reader, queue)).toEqual(["a letter"]);
    },
  );

  behaviour(
    "comes for a message that no queue takes, too",
    docs("confirms#when-publishes-are-confirmed"),
    async (broker) => {
      const channel = await broker.openChannel();
      const exchange = await broker.exchange(channel, "direct");

      await expect(publish(channel, exchange, "nobody", "lost")).resolves.toBeUndefined();
    },
  );

  behaviour(
    "never comes on a channel that did not ask for it",
    method("confirm.select"),
    async (broker) => {
      const connection = await broker.connect();
      const channel = await connection.createChannel();
      const queue = await broker.queue(await broker.openChannel(connection), "letters");
      const confirms: unknown[] = [];
      channel.on("ack", (fields) => confirms.push(fields));

      channel.sendToQueue(queue, Buffer.from("a letter"));

      await expect.poll(async () => (await channel.checkQueue(queue)).messageCount).toBe(1);
      expect(confirms).toEqual([]);
    },
  );
});

describe("a mandatory message", () => {
  behaviour(
    "that no queue takes comes back before its confirm",
    docs("confirms#when-publishes-are-confirmed"),
    async (broker) => {
      const channel = await broker.openChannel();
      const exchange = await broker.exchange(channel, "direct");
      const events: unknown[] = [];
      channel.on("return", ({ fields, properties, content }) => {
        events.push({ fields, messageId: properties.messageId, content: content.toString() });
      });

      await publish(channel, exchange, "nobody", "back to me", {
        mandatory: true,
        messageId: "message-1",
      }).then(() => events.push("confirmed"));

      expect(events).toEqual([
        {
          fields: { replyCode: 312, replyText: "NO_ROUTE", exchange, routingKey: "nobody" },
          messageId: "message-1",
          content: "back to me",
        },
        "confirmed",
      ]);
    },
  );

  behaviour("that a queue takes does not come back", method("basic.publish"), async (broker) => {
    const channel = await broker.openChannel();
    const queue = await broker.queue(channel, "letters");
    const returned: unknown[] = [];
    channel.on("return", (message) => returned.push(message));

    await publish(channel, "", queue, "taken", { mandatory: true });

    expect(returned).toEqual([]);
    expect(await drain(channel, queue)).toEqual(["taken"]);
  });

  behaviour("comes back with its body, however large", method("basic.return"), async (broker) => {
    const channel = await broker.openChannel();
    const content = Buffer.alloc(300_000, "back ");
    const returned = new Promise<Buffer>((resolve) => {
      channel.on("return", (message) => resolve(message.content));
    });

    await publish(channel, "", broker.name("nobody"), content, { mandatory: true });

    expect((await returned).equals(content)).toBe(true);
  });
});

describe("a message that is not mandatory", () => {
  behaviour(
    "is dropped without a word when no queue takes it",
    method("basic.publish"),
    async (broker) => {
      const channel = await broker.openChannel();
      const returned: unknown[] = [];
      channel.on("return", (message) => returned.push(message));

      await publish(channel, "", broker.name("nobody"), "lost");

      expect(returned).toEqual([]);
    },
  );
});
