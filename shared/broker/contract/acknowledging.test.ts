import { describe, expect } from "vitest";
import { type Broker, contract } from "./contract.ts";
import { docs, method, spec } from "./sources.ts";
import { closeOf, consume, drain, errorOf, readyIn, send } from "./traffic.ts";

const behaviour = await contract();

/** A queue of these messages, all of them held by a consumer of the channel. */
async function held(broker: Broker, ...contents: readonly string[]) {
  const connection = await broker.connect();
  const channel = await broker.openChannel(connection);
  const queue = await broker.queue(channel, "letters");
  await send(channel, queue, ...contents);
  const deliveries = await consume(channel, queue);
  const messages = [];
  while (messages.length < contents.length) messages.push(await deliveries.next());
  await channel.cancel(deliveries.consumerTag);
  const [first, second, third] = messages;
  if (!first || !second || !third) throw new RangeError("Hold three messages or more.");
  return { connection, channel, queue, first, second, third };
}

describe("an acknowledgement", () => {
  behaviour("settles one message", method("basic.ack"), async (broker) => {
    const { channel, queue, connection, second } = await held(broker, "1", "2", "3");

    channel.ack(second);
    await channel.close();

    const another = await broker.openChannel(connection);
    await expect.poll(() => readyIn(another, queue), { interval: 10 }).toBe(2);
    expect(await drain(another, queue)).toEqual(["1", "3"]);
  });

  behaviour("of several settles all up to its message", method("basic.ack"), async (broker) => {
    const { channel, queue, connection, second } = await held(broker, "1", "2", "3");

    channel.ack(second, true);
    await channel.close();

    const another = await broker.openChannel(connection);
    await expect.poll(() => readyIn(another, queue), { interval: 10 }).toBe(1);
    expect(await drain(another, queue)).toEqual(["3"]);
  });

  behaviour("of all settles all that the channel holds", method("basic.ack"), async (broker) => {
    const { channel, queue, connection } = await held(broker, "1", "2", "3");

    channel.ackAll();
    await channel.close();

    expect(await broker.openChannel(connection).then((next) => next.deleteQueue(queue))).toEqual({
      messageCount: 0,
    });
  });

  behaviour("given twice closes the channel", method("basic.ack"), async (broker) => {
    const { channel, first } = await held(broker, "1", "2", "3");
    const error = errorOf(channel);

    channel.ack(first);
    channel.ack(first);

    expect(await error).toMatchObject({ code: 406, classId: 60, methodId: 80 });
  });

  behaviour(
    "of a message that was never delivered closes the channel",
    method("basic.ack"),
    async (broker) => {
      const { channel, first } = await held(broker, "1", "2", "3");
      const error = errorOf(channel);

      channel.ack({ ...first, fields: { ...first.fields, deliveryTag: 99 } });

      expect(await error).toMatchObject({ code: 406 });
    },
  );

  behaviour(
    "on another channel than the delivery's closes that one",
    docs("confirms#consumer-acks-double-acking"),
    async (broker) => {
      const { connection, channel, queue, first } = await held(broker, "1", "2", "3");
      const another = await broker.openChannel(connection);
      const error = errorOf(another);

      another.ack(first);

      expect(await error).toMatchObject({ code: 406 });
      expect(await readyIn(channel, queue)).toBe(0);
    },
  );
});

describe("a rejected message", () => {
  behaviour("is dropped where it is not to be requeued", method("basic.reject"), async (broker) => {
    const { channel, queue, first, second, third } = await held(broker, "1", "2", "3");

    channel.reject(first, false);
    channel.nack(third, true, false);

    expect(await readyIn(channel, queue)).toBe(0);
    const error = errorOf(channel);
    channel.ack(second); // settled together with the third
    expect(await error).toMatchObject({ code: 406 });
  });

  behaviour("comes again, marked as redelivered", method("basic.reject"), async (broker) => {
    const { channel, queue, first } = await held(broker, "1", "2", "3");
    expect(first.fields.redelivered).toBe(false);

    channel.reject(first, true);

    const again = (await consume(channel, queue)).next();
    expect(await again).toMatchObject({
      content: Buffer.from("1"),
      fields: { redelivered: true, deliveryTag: 4 },
    });
  });

  behaviour("goes back to its place before those behind it", docs("nack"), async (broker) => {
    const { channel, queue, first, second, third } = await held(broker, "1", "2", "3");
    await send(channel, queue, "4", "5");

    channel.reject(third, true);
    channel.nack(first, false, true);
    channel.nack(second, false, true);

    expect(await drain(channel, queue)).toEqual(["1", "2", "3", "4", "5"]);
  });

  behaviour("goes back together with all before it", docs("nack"), async (broker) => {
    const { channel, queue, third } = await held(broker, "1", "2", "3");
    await send(channel, queue, "4");

    channel.nack(third, true, true);

    expect(await drain(channel, queue)).toEqual(["1", "2", "3", "4"]);
  });

  behaviour("goes back with all that the channel holds", docs("nack"), async (broker) => {
    const { channel, queue } = await held(broker, "1", "2", "3");

    channel.nackAll(true);

    expect(await drain(channel, queue)).toEqual(["1", "2", "3"]);
  });
});

describe("what a consumer holds", () => {
  behaviour(
    "goes back in order when its channel is closed",
    docs("confirms#automatic-requeueing"),
    async (broker) => {
      const { connection, channel, queue, second } = await held(broker, "1", "2", "3", "4");
      channel.ack(second);

      await channel.close();

      const another = await broker.openChannel(connection);
      await expect.poll(() => readyIn(another, queue), { interval: 10 }).toBe(3);
      const deliveries = await consume(another, queue);
      expect(await deliveries.texts(3)).toEqual(["1", "3", "4"]);
      expect(deliveries.arrived.every(({ fields }) => fields.redelivered)).toBe(true);
    },
  );

  behaviour(
    "goes back when its channel is closed by an error",
    docs("confirms#automatic-requeueing"),
    async (broker) => {
      const { connection, channel, queue } = await held(broker, "1", "2", "3");
      const closed = closeOf(channel);

      await expect(channel.checkQueue(broker.name("nothing"))).rejects.toMatchObject({ code: 404 });
      await closed;

      const deliveries = await consume(await broker.openChannel(connection), queue);
      expect(await deliveries.texts(3)).toEqual(["1", "2", "3"]);
    },
  );

  behaviour(
    "goes back when its connection is closed",
    docs("confirms#automatic-requeueing"),
    async (broker) => {
      const { connection, queue } = await held(broker, "1", "2", "3");

      await connection.close();

      const deliveries = await consume(await broker.openChannel(), queue);
      expect(await deliveries.texts(3)).toEqual(["1", "2", "3"]);
      expect(deliveries.arrived.every(({ fields }) => fields.redelivered)).toBe(true);
    },
  );

  behaviour("goes back when basic.recover asks for it", method("basic.recover"), async (broker) => {
    const { channel, queue, first } = await held(broker, "1", "2", "3");
    channel.ack(first);

    await channel.recover();

    const deliveries = await consume(channel, queue);
    expect(await deliveries.texts(2)).toEqual(["2", "3"]);
    expect(deliveries.arrived.every(({ fields }) => fields.redelivered)).toBe(true);
  });

  behaviour("is counted by nobody else while it is held", spec("3.1.8"), async (broker) => {
    const { queue } = await held(broker, "1", "2", "3");
    const stranger = await broker.openChannel();

    expect(await readyIn(stranger, queue)).toBe(0);
    expect(await stranger.get(queue)).toBe(false);
  });
});
