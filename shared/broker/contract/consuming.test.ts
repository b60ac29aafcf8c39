import { describe, expect } from "vitest";
import { contract } from "./contract.ts";
import { docs, method, spec } from "./sources.ts";
import { consume, drain, errorOf, readyIn, send, textsOf } from "./traffic.ts";

const behaviour = await contract();

describe("a consumer", () => {
  behaviour(
    "gets what was there before and what comes after, in order",
    method("basic.consume"),
    async (broker) => {
      const channel = await broker.openChannel();
      const queue = await broker.queue(channel, "letters");
      await send(channel, queue, "one", "two");

      const deliveries = await consume(channel, queue);
      await send(channel, queue, "three");

      expect(await deliveries.texts(3)).toEqual(["one", "two", "three"]);
      expect(deliveries.arrived.map(({ fields }) => fields.deliveryTag)).toEqual([1, 2, 3]);
    },
  );

  behaviour("may choose its tag, or is given one", method("basic.consume"), async (broker) => {
    const channel = await broker.openChannel();
    const queue = await broker.queue(channel, "letters");

    const chosen = await consume(channel, queue, { consumerTag: "reader-1" });
    const given = await consume(channel, queue);

    expect(chosen.consumerTag).toBe("reader-1");
    expect(given.consumerTag).toMatch(/^amq\.ctag-./);
  });

  behaviour(
    "may not have a tag that its channel uses already",
    method("basic.consume"),
    async (broker) => {
      const connection = await broker.connect();
      const channel = await broker.openChannel(connection);
      const queue = await broker.queue(channel, "letters");
      await consume(channel, queue, { consumerTag: "reader-1" });
      const error = errorOf(connection);

      await expect(consume(channel, queue, { consumerTag: "reader-1" })).rejects.toThrow();

      expect(await error).toMatchObject({ code: 530 });
    },
  );

  behaviour("cannot read a queue that is not there", method("basic.consume"), async (broker) => {
    const channel = await broker.openChannel();

    const consumed = consume(channel, broker.name("nothing"));

    await expect(consumed).rejects.toMatchObject({ code: 404, classId: 60, methodId: 20 });
  });

  behaviour("shares a queue with others in turn", docs("consumers"), async (broker) => {
    const channel = await broker.openChannel();
    const queue = await broker.queue(channel, "letters");
    const first = await consume(channel, queue);
    const second = await consume(channel, queue);

    await send(channel, queue, "one", "two", "three", "four");
    await readyIn(channel, queue);

    expect(textsOf(first.arrived)).toEqual(["one", "three"]);
    expect(textsOf(second.arrived)).toEqual(["two", "four"]);
  });

  behaviour(
    "that needs no acknowledgement settles by delivery",
    method("basic.consume"),
    async (broker) => {
      const connection = await broker.connect();
      const channel = await broker.openChannel(connection);
      const queue = await broker.queue(channel, "letters");
      await channel.prefetch(1);
      const deliveries = await consume(channel, queue, { noAck: true });

      await send(channel, queue, "one", "two", "three");
      expect(await deliveries.texts(3)).toEqual(["one", "two", "three"]);
      await channel.close();

      expect(await drain(await broker.openChannel(connection), queue)).toEqual([]);
    },
  );

  behaviour(
    "that is cancelled gets no more, and still settles what it has",
    method("basic.cancel"),
    async (broker) => {
      const channel = await broker.openChannel();
      const queue = await broker.queue(channel, "letters");
      const deliveries = await consume(channel, queue);
      await send(channel, queue, "one", "two");
      const first = await deliveries.next();
      const second = await deliveries.next();

      const cancelled = await channel.cancel(deliveries.consumerTag);
      await send(channel, queue, "three");
      expect(cancelled).toEqual({ consumerTag: deliveries.consumerTag });
      expect(await readyIn(channel, queue)).toBe(1);
      channel.ack(first);
      channel.reject(second, true);

      expect(await drain(channel, queue)).toEqual(["two", "three"]);
    },
  );

  behaviour("that is not there may be cancelled", method("basic.cancel"), async (broker) => {
    const channel = await broker.openChannel();

    const cancelled = await channel.cancel("nobody");

    expect(cancelled).toEqual({ consumerTag: "nobody" });
  });
});

describe("a prefetch", () => {
  behaviour(
    "limits what each later consumer of the channel holds",
    docs("consumer-prefetch"),
    async (broker) => {
      const channel = await broker.openChannel();
      const queue = await broker.queue(channel, "letters");
      await send(channel, queue, "1", "2", "3", "4", "5", "6");

      await channel.prefetch(2);
      const first = await consume(channel, queue);
      await channel.prefetch(1);
      const second = await consume(channel, queue);

      expect(await readyIn(channel, queue)).toBe(3);
      expect(textsOf(first.arrived)).toEqual(["1", "2"]);
      expect(textsOf(second.arrived)).toEqual(["3"]);
    },
  );

  behaviour(
    "makes room for one more with each acknowledgement",
    docs("consumer-prefetch"),
    async (broker) => {
      const channel = await broker.openChannel();
      const queue = await broker.queue(channel, "letters");
      await send(channel, queue, "1", "2", "3", "4");
      await channel.prefetch(2);
      const deliveries = await consume(channel, queue);
      const first = await deliveries.next();
      await deliveries.next();

      channel.ack(first);

      expect((await deliveries.next()).content.toString()).toBe("3");
      expect(await readyIn(channel, queue)).toBe(1);
      expect(deliveries.arrived).toHaveLength(3);
    },
  );

  behaviour("of 0 is no limit", docs("consumer-prefetch"), async (broker) => {
    const channel = await broker.openChannel();
    const queue = await broker.queue(channel, "letters");
    await send(channel, queue, ...Array.from({ length: 50 }, (_, index) => `${index}`));
    await channel.prefetch(0);

    const deliveries = await consume(channel, queue);

    expect(await deliveries.texts(50)).toHaveLength(50);
  });

  behaviour(
    "that is global limits the channel's consumers together",
    docs("consumer-prefetch"),
    async (broker) => {
      const channel = await broker.openChannel();
      const queue = await broker.queue(channel, "letters");
      const other = await broker.queue(channel, "parcels");
      if (broker.behavesSo("globalPrefetchRefused")) {
        await expect(channel.prefetch(2, true)).rejects.toThrow();
        return;
      }
      await channel.prefetch(2, true);
      const first = await consume(channel, queue);
      const second = await consume(channel, other);

      await send(channel, queue, "1", "2", "3");
      const held = await first.next();
      await first.next();
      await send(channel, other, "4");
      expect([await readyIn(channel, queue), await readyIn(channel, other)]).toEqual([1, 1]);
      expect(second.arrived).toEqual([]);
      channel.ack(held);

      const total = async () => (await readyIn(channel, queue)) + (await readyIn(channel, other));
      await expect.poll(total, { interval: 10 }).toBe(1);
    },
  );

  behaviour("does not hold back basic.get", spec("3.1.7"), async (broker) => {
    const channel = await broker.openChannel();
    const queue = await broker.queue(channel, "letters");
    await send(channel, queue, "one", "two");
    await channel.prefetch(1);
    await consume(channel, queue);

    expect(await channel.get(queue)).toMatchObject({ content: Buffer.from("two") });
  });
});

describe("basic.get", () => {
  behaviour(
    "takes one message and tells how many are left",
    method("basic.get"),
    async (broker) => {
      const channel = await broker.openChannel();
      const queue = await broker.queue(channel, "letters");
      await send(channel, queue, "one", "two", "three");

      const message = await channel.get(queue);

      expect(message).toMatchObject({
        content: Buffer.from("one"),
        fields: {
          deliveryTag: 1,
          redelivered: false,
          exchange: "",
          routingKey: queue,
          messageCount: 2,
        },
      });
    },
  );

  behaviour("says when there is nothing", method("basic.get-empty"), async (broker) => {
    const channel = await broker.openChannel();
    const queue = await broker.queue(channel, "letters");

    expect(await channel.get(queue)).toBe(false);
  });

  behaviour("cannot ask a queue that is not there", method("basic.get"), async (broker) => {
    const channel = await broker.openChannel();

    await expect(channel.get(broker.name("nothing"))).rejects.toMatchObject({ code: 404 });
  });

  behaviour(
    "leaves the message to others when its channel ends unless it settles at once",
    method("basic.get"),
    async (broker) => {
      const connection = await broker.connect();
      const channel = await broker.openChannel(connection);
      const queue = await broker.queue(channel, "letters");
      await send(channel, queue, "settled", "held");
      await channel.get(queue, { noAck: true });
      await channel.get(queue);

      await channel.close();

      const another = await broker.openChannel(connection);
      await expect.poll(() => readyIn(another, queue), { interval: 10 }).toBe(1);
      expect(await another.get(queue)).toMatchObject({
        content: Buffer.from("held"),
        fields: { redelivered: true },
      });
    },
  );
});
