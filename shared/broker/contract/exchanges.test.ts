import { describe, expect } from "vitest";
import { contract } from "./contract.ts";
import { docs, method, spec } from "./sources.ts";
import { closeOf, drain, errorOf, publish, send } from "./traffic.ts";

const behaviour = await contract();

describe("the default exchange", () => {
  behaviour("routes to the queue whose name is the key", spec("3.1.3.1"), async (broker) => {
    const channel = await broker.openChannel();
    const queue = await broker.queue(channel, "letters");
    const other = await broker.queue(channel, "parcels");

    await publish(channel, "", queue, "a letter");

    expect(await drain(channel, queue)).toEqual(["a letter"]);
    expect(await drain(channel, other)).toEqual([]);
  });

  behaviour("cannot be bound to by a client", docs("exchanges"), async (broker) => {
    const channel = await broker.openChannel();
    const queue = await broker.queue(channel, "letters");

    await expect(channel.bindQueue(queue, "", "key")).rejects.toMatchObject({ code: 403 });
  });
});

describe("a direct exchange", () => {
  behaviour(
    "gives a copy to each queue bound with exactly the key",
    spec("3.1.3.1"),
    async (broker) => {
      const channel = await broker.openChannel();
      const exchange = await broker.exchange(channel, "direct");
      const first = await broker.queue(channel, "first");
      const second = await broker.queue(channel, "second");
      await channel.bindQueue(first, exchange, "news");
      await channel.bindQueue(second, exchange, "news");
      await channel.bindQueue(second, exchange, "sports");

      await publish(channel, exchange, "news", "to both");
      await publish(channel, exchange, "sports", "to one");
      await publish(channel, exchange, "new", "to none");
      await publish(channel, exchange, "news.today", "to none");

      expect(await drain(channel, first)).toEqual(["to both"]);
      expect(await drain(channel, second)).toEqual(["to both", "to one"]);
    },
  );
});

describe("a fanout exchange", () => {
  behaviour("gives a copy to each queue, whatever the keys", spec("3.1.3.2"), async (broker) => {
    const channel = await broker.openChannel();
    const exchange = await broker.exchange(channel, "fanout");
    const first = await broker.queue(channel, "first");
    const second = await broker.queue(channel, "second");
    await channel.bindQueue(first, exchange, "");
    await channel.bindQueue(second, exchange, "some key");

    await publish(channel, exchange, "another key", "to all");

    expect(await drain(channel, first)).toEqual(["to all"]);
    expect(await drain(channel, second)).toEqual(["to all"]);
  });
});

describe("an exchange", () => {
  behaviour("may be declared again in the same way", method("exchange.declare"), async (broker) => {
    const channel = await broker.openChannel();
    const exchange = await broker.exchange(channel, "topic");

    await expect(broker.exchange(channel, "topic")).resolves.toBe(exchange);
    await expect(channel.checkExchange(exchange)).resolves.toBeDefined();
  });

  behaviour(
    "cannot be declared again with another type",
    method("exchange.declare"),
    async (broker) => {
      const channel = await broker.openChannel();
      await broker.exchange(channel, "topic");

      await expect(broker.exchange(channel, "direct")).rejects.toMatchObject({ code: 406 });
    },
  );

  behaviour("must be of a type that there is", method("exchange.declare"), async (broker) => {
    const connection = await broker.connect();
    const channel = await broker.openChannel(connection);
    const error = errorOf(connection);

    await expect(channel.assertExchange(broker.name("odd"), "odd")).rejects.toThrow();

    expect(await error).toMatchObject({ code: 503 });
  });

  behaviour("that is not there cannot be checked", method("exchange.declare"), async (broker) => {
    const channel = await broker.openChannel();

    await expect(channel.checkExchange(broker.name("nowhere"))).rejects.toMatchObject({
      code: 404,
    });
  });

  behaviour("may not be named amq. by a client", method("exchange.declare"), async (broker) => {
    const channel = await broker.openChannel();

    const declared = channel.assertExchange("amq.workshop", "topic");

    await expect(declared).rejects.toMatchObject({ code: 403 });
  });

  behaviour("of each type is there from the start", spec("3.1.3"), async (broker) => {
    const channel = await broker.openChannel();
    const queue = await broker.queue(channel, "letters");
    await channel.bindQueue(queue, "amq.topic", `${queue}.*`);

    for (const name of ["direct", "fanout", "topic", "headers", "match"]) {
      await channel.checkExchange(`amq.${name}`);
    }
    await publish(channel, "amq.topic", `${queue}.key`, "through amq.topic");

    expect(await drain(channel, queue)).toEqual(["through amq.topic"]);
  });

  behaviour(
    "that is internal takes no message from a client",
    method("exchange.declare"),
    async (broker) => {
      const channel = await broker.openChannel();
      const exchange = await broker.exchange(channel, "fanout", "inner", { internal: true });
      const error = errorOf(channel);

      channel.publish(exchange, "", Buffer.from("from outside"));

      expect(await error).toMatchObject({ code: 403 });
    },
  );

  behaviour(
    "that is auto-deleted goes with its last binding",
    method("exchange.declare"),
    async (broker) => {
      const channel = await broker.openChannel();
      const exchange = await broker.exchange(channel, "fanout", "brief", { autoDelete: true });
      const queue = await broker.queue(channel, "letters");
      await channel.bindQueue(queue, exchange, "first");
      await channel.bindQueue(queue, exchange, "second");

      await channel.unbindQueue(queue, exchange, "first");
      await channel.checkExchange(exchange);
      await channel.unbindQueue(queue, exchange, "second");

      await expect(channel.checkExchange(exchange)).rejects.toMatchObject({ code: 404 });
    },
  );

  behaviour(
    "in use is kept where it may go only if unused",
    method("exchange.delete"),
    async (broker) => {
      const channel = await broker.openChannel();
      const exchange = await broker.exchange(channel, "fanout");
      const queue = await broker.queue(channel, "letters");
      await channel.bindQueue(queue, exchange, "");

      const deleted = channel.deleteExchange(exchange, { ifUnused: true });

      await expect(deleted).rejects.toMatchObject({ code: 406 });
      const another = await broker.openChannel();
      await expect(another.checkExchange(exchange)).resolves.toBeDefined();
    },
  );

  behaviour("that is gone may be deleted again", docs("specification#rules"), async (broker) => {
    const channel = await broker.openChannel();
    const exchange = await broker.exchange(channel, "fanout");
    await channel.deleteExchange(exchange);

    await expect(channel.deleteExchange(exchange)).resolves.toBeDefined();
  });

  behaviour(
    "of the specification's own cannot be deleted",
    method("exchange.delete"),
    async (broker) => {
      const channel = await broker.openChannel();

      await expect(channel.deleteExchange("amq.topic")).rejects.toMatchObject({ code: 403 });
    },
  );

  behaviour(
    "that is not there closes the publisher's channel",
    method("basic.publish"),
    async (broker) => {
      const channel = await broker.openChannel();
      const error = errorOf(channel);
      const closed = closeOf(channel);

      const published = publish(channel, broker.name("nowhere"), "key", "lost");

      await expect(published).rejects.toThrow("channel closed");
      await closed;
      expect(await error).toMatchObject({ code: 404, classId: 60, methodId: 40 });
    },
  );
});

describe("a binding", () => {
  behaviour("made twice delivers one copy", method("queue.bind"), async (broker) => {
    const channel = await broker.openChannel();
    const exchange = await broker.exchange(channel, "topic");
    const queue = await broker.queue(channel, "letters");
    await channel.bindQueue(queue, exchange, "news");
    await channel.bindQueue(queue, exchange, "news");
    await channel.bindQueue(queue, exchange, "#");

    await publish(channel, exchange, "news", "once");

    expect(await drain(channel, queue)).toEqual(["once"]);
  });

  behaviour("ends when it is unbound", method("queue.unbind"), async (broker) => {
    const channel = await broker.openChannel();
    const exchange = await broker.exchange(channel, "direct");
    const queue = await broker.queue(channel, "letters");
    await channel.bindQueue(queue, exchange, "news");
    await channel.unbindQueue(queue, exchange, "sports"); // there is none such: no error
    await publish(channel, exchange, "news", "before");

    await channel.unbindQueue(queue, exchange, "news");
    await publish(channel, exchange, "news", "after");

    expect(await drain(channel, queue)).toEqual(["before"]);
  });

  behaviour("ends with its queue", method("queue.delete"), async (broker) => {
    const channel = await broker.openChannel();
    const exchange = await broker.exchange(channel, "fanout");
    const queue = await broker.queue(channel, "letters");
    await channel.bindQueue(queue, exchange, "");

    await channel.deleteQueue(queue);
    await broker.queue(channel, "letters");
    await publish(channel, exchange, "", "to nobody");
    await send(channel, queue, "to the new queue");

    expect(await drain(channel, queue)).toEqual(["to the new queue"]);
  });

  behaviour(
    "needs an exchange and a queue that are there",
    method("queue.bind"),
    async (broker) => {
      const connection = await broker.connect();
      const channel = await broker.openChannel(connection);
      const queue = await broker.queue(channel, "letters");
      const exchange = await broker.exchange(channel, "fanout");

      const noExchange = channel.bindQueue(queue, broker.name("nowhere"), "");
      await expect(noExchange).rejects.toMatchObject({ code: 404 });
      const another = await broker.openChannel(connection);
      const noQueue = another.bindQueue(broker.name("nothing"), exchange, "");
      await expect(noQueue).rejects.toMatchObject({ code: 404 });
    },
  );

  behaviour("may lead from exchange to exchange", docs("e2e"), async (broker) => {
    const channel = await broker.openChannel();
    const source = await broker.exchange(channel, "topic", "source");
    const destination = await broker.exchange(channel, "direct", "destination");
    const queue = await broker.queue(channel, "letters");
    await channel.bindExchange(destination, source, "hotel.#");
    await channel.bindQueue(queue, destination, "hotel.room.booked");

    await publish(channel, source, "hotel.room.booked", "through both");
    await publish(channel, source, "hotel.room.left", "through the first");
    await channel.unbindExchange(destination, source, "hotel.#");
    await publish(channel, source, "hotel.room.booked", "too late");

    expect(await drain(channel, queue)).toEqual(["through both"]);
  });

  behaviour("in a circle of exchanges still gives one copy", docs("e2e"), async (broker) => {
    const channel = await broker.openChannel();
    const first = await broker.exchange(channel, "fanout", "first");
    const second = await broker.exchange(channel, "fanout", "second");
    const queue = await broker.queue(channel, "letters");
    await channel.bindExchange(second, first, "");
    await channel.bindExchange(first, second, "");
    await channel.bindQueue(queue, first, "");
    await channel.bindQueue(queue, second, "");

    await publish(channel, first, "", "round and round");

    expect(await drain(channel, queue)).toEqual(["round and round"]);
  });
});
