import { describe, expect } from "vitest";
import { contract } from "./contract.ts";
import { docs, method, spec } from "./sources.ts";
import { consume, drain, publish, readyIn, send } from "./traffic.ts";

const behaviour = await contract();

describe("a queue", () => {
  behaviour(
    "says how many messages and consumers it has",
    method("queue.declare"),
    async (broker) => {
      const channel = await broker.openChannel();
      const queue = await broker.queue(channel, "letters");
      await channel.prefetch(1);
      await send(channel, queue, "held", "ready", "ready");

      expect(await channel.checkQueue(queue)).toEqual({ queue, messageCount: 3, consumerCount: 0 });
      const deliveries = await consume(channel, queue);
      await deliveries.next();
      expect(await channel.assertQueue(queue)).toEqual({
        queue,
        messageCount: 2,
        consumerCount: 1,
      });
    },
  );

  behaviour("keeps the order of its messages", spec("4.7"), async (broker) => {
    const channel = await broker.openChannel();
    const queue = await broker.queue(channel, "letters");
    const contents = Array.from({ length: 500 }, (_, index) => `letter ${index}`);

    await send(channel, queue, ...contents);

    expect(await drain(channel, queue)).toEqual(contents);
  });

  behaviour("that is not there cannot be checked", method("queue.declare"), async (broker) => {
    const channel = await broker.openChannel();

    const checked = channel.checkQueue(broker.name("nothing"));

    await expect(checked).rejects.toMatchObject({ code: 404, classId: 50, methodId: 10 });
  });

  behaviour(
    "cannot be declared again otherwise than it is",
    method("queue.declare"),
    async (broker) => {
      const connection = await broker.connect();
      const queue = await broker.queue(await broker.openChannel(connection), "letters", {
        messageTtl: 60_000,
      });

      for (const options of [
        {},
        { messageTtl: 50_000 },
        { messageTtl: 60_000, autoDelete: true },
      ]) {
        const channel = await broker.openChannel(connection);
        await expect(channel.assertQueue(queue, options)).rejects.toMatchObject({ code: 406 });
      }
    },
  );

  behaviour("may not be named amq. by a client", method("queue.declare"), async (broker) => {
    const channel = await broker.openChannel();

    await expect(channel.assertQueue("amq.workshop")).rejects.toMatchObject({ code: 403 });
  });

  behaviour("without a name is given one", method("queue.declare"), async (broker) => {
    const channel = await broker.openChannel();

    const first = await channel.assertQueue("", { exclusive: true });
    const second = await channel.assertQueue("", { exclusive: true });

    expect(first.queue).toMatch(/^amq\.gen-./);
    expect(second.queue).not.toBe(first.queue);
  });

  behaviour(
    "declared last on a channel is meant by an empty name",
    method("queue.bind"),
    async (broker) => {
      const channel = await broker.openChannel();
      const exchange = await broker.exchange(channel, "fanout");
      const { queue } = await channel.assertQueue("", { exclusive: true });

      await channel.bindQueue("", exchange, "");
      await publish(channel, exchange, "", "to the last one");

      expect(await drain(channel, "")).toEqual(["to the last one"]);
      expect(await channel.deleteQueue("")).toEqual({ messageCount: 0 });
      await expect(channel.checkQueue(queue)).rejects.toMatchObject({ code: 404 });
    },
  );

  behaviour(
    "tells how many messages it purges, which leaves out held ones",
    method("queue.purge"),
    async (broker) => {
      const channel = await broker.openChannel();
      const queue = await broker.queue(channel, "letters");
      await send(channel, queue, "held", "purged", "purged");
      await channel.get(queue);

      expect(await channel.purgeQueue(queue)).toEqual({ messageCount: 2 });
      expect(await channel.purgeQueue(queue)).toEqual({ messageCount: 0 });
    },
  );

  behaviour("tells how many messages go with it", method("queue.delete"), async (broker) => {
    const channel = await broker.openChannel();
    const queue = await broker.queue(channel, "letters");
    await send(channel, queue, "one", "two");

    expect(await channel.deleteQueue(queue)).toEqual({ messageCount: 2 });
    await expect(channel.checkQueue(queue)).rejects.toMatchObject({ code: 404 });
  });

  behaviour("that is gone may be deleted again", docs("specification#rules"), async (broker) => {
    const channel = await broker.openChannel();

    const deleted = await channel.deleteQueue(broker.name("nothing"));

    expect(deleted).toEqual({ messageCount: 0 });
  });

  behaviour(
    "with a consumer is kept where it may go only if unused",
    method("queue.delete"),
    async (broker) => {
      const connection = await broker.connect();
      const channel = await broker.openChannel(connection);
      const queue = await broker.queue(channel, "letters");
      await consume(channel, queue);
      const another = await broker.openChannel(connection);

      const deleted = another.deleteQueue(queue, { ifUnused: true });

      await expect(deleted).rejects.toMatchObject({ code: 406 });
      expect(await channel.checkQueue(queue)).toMatchObject({ consumerCount: 1 });
    },
  );

  behaviour(
    "with messages is kept where it may go only if empty",
    method("queue.delete"),
    async (broker) => {
      const connection = await broker.connect();
      const channel = await broker.openChannel(connection);
      const queue = await broker.queue(channel, "letters");
      await send(channel, queue, "a letter");
      const another = await broker.openChannel(connection);

      const deleted = another.deleteQueue(queue, { ifEmpty: true });

      await expect(deleted).rejects.toMatchObject({ code: 406 });
      expect(await drain(channel, queue)).toEqual(["a letter"]);
      expect(await channel.deleteQueue(queue, { ifEmpty: true, ifUnused: true })).toEqual({
        messageCount: 0,
      });
    },
  );

  behaviour(
    "that is neither durable nor exclusive is refused from RabbitMQ 4.3 on",
    docs("deprecated-features"),
    async (broker) => {
      const channel = await broker.openChannel();

      const declared = channel.assertQueue(broker.name("brief"), { durable: false });

      if (broker.behavesSo("transientQueuesRefused")) await expect(declared).rejects.toThrow();
      else await expect(declared).resolves.toMatchObject({ messageCount: 0 });
    },
  );
});

describe("an exclusive queue", () => {
  behaviour("is for its connection alone", docs("queues#exclusive-queues"), async (broker) => {
    const connection = await broker.connect();
    const channel = await broker.openChannel(connection);
    const queue = await broker.queue(channel, "own", { exclusive: true });
    const sibling = await broker.openChannel(connection);
    await sibling.assertQueue(queue, { exclusive: true });

    const stranger = await broker.connect();
    for (const use of ["checkQueue", "purgeQueue", "deleteQueue", "get"] as const) {
      const strange = await broker.openChannel(stranger);
      await expect(strange[use](queue)).rejects.toMatchObject({ code: 405 });
    }
    const strange = await broker.openChannel(stranger);
    await expect(consume(strange, queue)).rejects.toMatchObject({ code: 405 });
    expect(await readyIn(sibling, queue)).toBe(0);
  });

  behaviour("still takes messages from anyone", docs("queues#exclusive-queues"), async (broker) => {
    const channel = await broker.openChannel();
    const queue = await broker.queue(channel, "own", { exclusive: true });

    await send(await broker.openChannel(), queue, "from a stranger");

    expect(await drain(channel, queue)).toEqual(["from a stranger"]);
  });

  behaviour("is gone when its connection is closed", method("queue.declare"), async (broker) => {
    const connection = await broker.connect();
    const channel = await broker.openChannel(connection);
    const queue = await broker.queue(channel, "own", { exclusive: true });
    await channel.close();
    await broker.openChannel(connection).then((another) => another.checkQueue(queue));

    await connection.close();

    const another = await broker.openChannel();
    await expect(another.checkQueue(queue)).rejects.toMatchObject({ code: 404 });
  });
});

describe("an auto-delete queue", () => {
  behaviour("goes with its last consumer", method("queue.declare"), async (broker) => {
    const channel = await broker.openChannel();
    const queue = await broker.queue(channel, "brief", { autoDelete: true });
    const first = await consume(channel, queue);
    const second = await consume(channel, queue);

    await channel.cancel(first.consumerTag);
    expect(await channel.checkQueue(queue)).toMatchObject({ consumerCount: 1 });
    await channel.cancel(second.consumerTag);

    await expect(channel.checkQueue(queue)).rejects.toMatchObject({ code: 404 });
  });

  behaviour(
    "goes with the channel of its last consumer",
    method("queue.declare"),
    async (broker) => {
      const connection = await broker.connect();
      const channel = await broker.openChannel(connection);
      const queue = await broker.queue(channel, "brief", { autoDelete: true });
      await consume(channel, queue);

      await channel.close();

      const check = async () => (await broker.openChannel(connection)).checkQueue(queue);
      await expect.poll(() => check().catch(String), { interval: 10 }).toContain("404");
    },
  );

  behaviour("stays while it never had a consumer", method("queue.declare"), async (broker) => {
    const connection = await broker.connect();
    const queue = await broker.queue(await broker.openChannel(connection), "brief", {
      autoDelete: true,
    });

    await connection.close();

    expect(await readyIn(await broker.openChannel(), queue)).toBe(0);
  });
});
