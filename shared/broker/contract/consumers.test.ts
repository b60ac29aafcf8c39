import { describe, expect } from "vitest";
import { contract } from "./contract.ts";
import { docs, method } from "./sources.ts";
import { consume, errorOf, readyIn, send, textsOf } from "./traffic.ts";

const behaviour = await contract();
const singleActive = { arguments: { "x-single-active-consumer": true } };

describe("a single active consumer", () => {
  behaviour(
    "gets everything while others wait",
    docs("consumers#single-active-consumer"),
    async (broker) => {
      const connection = await broker.connect();
      const channel = await broker.openChannel(connection);
      const queue = await broker.queue(channel, "letters", singleActive);
      const active = await consume(channel, queue);
      const waiting = await consume(channel, queue);

      await send(channel, queue, "1", "2", "3");

      expect(await active.texts(3)).toEqual(["1", "2", "3"]);
      expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: 0, consumerCount: 2 });
      expect(waiting.arrived).toEqual([]);
    },
  );

  behaviour(
    "hands over when it is cancelled",
    docs("consumers#single-active-consumer"),
    async (broker) => {
      const channel = await broker.openChannel();
      const queue = await broker.queue(channel, "letters", singleActive);
      const active = await consume(channel, queue);
      const second = await consume(channel, queue);
      const third = await consume(channel, queue);

      await channel.cancel(active.consumerTag);
      await send(channel, queue, "for the second");

      expect(await second.texts(1)).toEqual(["for the second"]);
      expect(third.arrived).toEqual([]);
    },
  );

  behaviour(
    "hands over what it held when its channel is closed, in order",
    docs("consumers#single-active-consumer"),
    async (broker) => {
      const connection = await broker.connect();
      const channel = await broker.openChannel(connection);
      const queue = await broker.queue(channel, "letters", singleActive);
      const active = await consume(channel, queue);
      const successor = await consume(await broker.openChannel(connection), queue);
      await send(channel, queue, "1", "2", "3");
      const first = await active.next();
      await active.texts(2);
      channel.ack(first);

      await channel.close();

      expect(await successor.texts(2)).toEqual(["2", "3"]);
      expect(successor.arrived.every(({ fields }) => fields.redelivered)).toBe(true);
    },
  );

  behaviour(
    "hands over when its connection is lost",
    docs("consumers#single-active-consumer"),
    async (broker) => {
      const connection = await broker.connect();
      const channel = await broker.openChannel(connection);
      const queue = await broker.queue(channel, "letters", singleActive);
      await consume(channel, queue);
      const other = await broker.openChannel();
      const successor = await consume(other, queue);

      await connection.close();
      await send(other, queue, "for the successor");

      expect(await successor.texts(1)).toEqual(["for the successor"]);
    },
  );

  behaviour(
    "keeps to its prefetch while others have room",
    docs("consumers#single-active-consumer"),
    async (broker) => {
      const channel = await broker.openChannel();
      const queue = await broker.queue(channel, "letters", singleActive);
      await channel.prefetch(1);
      const active = await consume(channel, queue);
      const waiting = await consume(channel, queue);

      await send(channel, queue, "1", "2");

      await active.next();
      expect(await readyIn(channel, queue)).toBe(1);
      expect(waiting.arrived).toEqual([]);
    },
  );

  behaviour(
    "exists on quorum queues, too",
    docs("consumers#single-active-consumer"),
    async (broker) => {
      const connection = await broker.connect();
      const channel = await broker.openChannel(connection);
      const queue = await broker.queue(channel, "letters", {
        arguments: { ...singleActive.arguments, "x-queue-type": "quorum" },
      });
      const active = await consume(channel, queue);
      const other = await broker.openChannel(connection);
      const successor = await consume(other, queue);
      await send(other, queue, "1", "2");
      channel.ack(await active.next());
      await active.next();

      await channel.close();

      expect(await successor.texts(1)).toEqual(["2"]);
    },
  );
});

describe("an exclusive consumer", () => {
  behaviour("keeps others out", docs("consumers#exclusivity"), async (broker) => {
    const connection = await broker.connect();
    const channel = await broker.openChannel(connection);
    const queue = await broker.queue(channel, "letters");
    const deliveries = await consume(channel, queue, { exclusive: true });
    const another = await broker.openChannel(connection);

    await expect(consume(another, queue)).rejects.toMatchObject({ code: 403 });

    await channel.cancel(deliveries.consumerTag);
    const successor = await consume(await broker.openChannel(connection), queue);
    await send(channel, queue, "for the successor");
    expect(await successor.texts(1)).toEqual(["for the successor"]);
  });

  behaviour("is refused where there are others", docs("consumers#exclusivity"), async (broker) => {
    const connection = await broker.connect();
    const channel = await broker.openChannel(connection);
    const queue = await broker.queue(channel, "letters");
    const deliveries = await consume(channel, queue);
    const another = await broker.openChannel(connection);

    await expect(consume(another, queue, { exclusive: true })).rejects.toMatchObject({ code: 403 });

    await send(channel, queue, "still here");
    expect(await deliveries.texts(1)).toEqual(["still here"]);
  });
});

describe("a consumer whose queue goes", () => {
  behaviour("is told so", docs("consumer-cancel"), async (broker) => {
    const connection = await broker.connect();
    const channel = await broker.openChannel(connection);
    const queue = await broker.queue(channel, "letters");
    const first = await consume(channel, queue);
    const second = await consume(channel, queue);

    await (await broker.openChannel(connection)).deleteQueue(queue);

    await expect(Promise.all([first.cancelled, second.cancelled])).resolves.toBeDefined();
    // The channel goes on.
    await expect(channel.assertQueue(queue)).resolves.toMatchObject({ consumerCount: 0 });
  });

  behaviour("may still acknowledge what it had", docs("consumer-cancel"), async (broker) => {
    const channel = await broker.openChannel();
    const queue = await broker.queue(channel, "letters");
    const deliveries = await consume(channel, queue);
    await send(channel, queue, "a letter");
    const held = await deliveries.next();

    await channel.deleteQueue(queue);
    await deliveries.cancelled;
    channel.ack(held);

    await expect(channel.assertQueue(queue)).resolves.toMatchObject({ messageCount: 0 });
  });

  behaviour(
    "is told so when it was the single active one",
    docs("consumer-cancel"),
    async (broker) => {
      const channel = await broker.openChannel();
      const queue = await broker.queue(channel, "letters", singleActive);
      const active = await consume(channel, queue);
      const waiting = await consume(channel, queue);

      await channel.deleteQueue(queue);

      await expect(Promise.all([active.cancelled, waiting.cancelled])).resolves.toBeDefined();
    },
  );
});

describe("two channels of a connection", () => {
  behaviour("number their deliveries each by itself", method("basic.deliver"), async (broker) => {
    const connection = await broker.connect();
    const first = await broker.openChannel(connection);
    const second = await broker.openChannel(connection);
    const queue = await broker.queue(first, "letters");
    const readers = [await consume(first, queue), await consume(second, queue)];

    await send(first, queue, "1", "2");

    const messages = await Promise.all(readers.map((reader) => reader.next()));
    expect(messages.map(({ fields }) => fields.deliveryTag)).toEqual([1, 1]);
    expect(textsOf(messages)).toEqual(["1", "2"]);
  });

  behaviour("fail each by itself", method("channel.close"), async (broker) => {
    const connection = await broker.connect();
    const failing = await broker.openChannel(connection);
    const other = await broker.openChannel(connection);
    const queue = await broker.queue(other, "letters");
    const deliveries = await consume(other, queue);
    const error = errorOf(failing);

    failing.publish(broker.name("nowhere"), "key", Buffer.from("lost"));
    expect(await error).toMatchObject({ code: 404 });
    await send(other, queue, "all is well");

    expect(await deliveries.texts(1)).toEqual(["all is well"]);
  });
});
