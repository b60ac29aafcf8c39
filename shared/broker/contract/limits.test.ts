import { describe, expect } from "vitest";
import { contract } from "./contract.ts";
import { docs } from "./sources.ts";
import { consume, drain, publish, readyIn, send } from "./traffic.ts";

const behaviour = await contract();

/** Soon when all is well, patient when the machine is busy. */
const soon = { interval: 10, timeout: 5_000 };

describe("a queue's message TTL", () => {
  behaviour(
    "removes messages whose time is over",
    docs("ttl#message-ttl-using-x-args"),
    async (broker) => {
      const channel = await broker.openChannel();
      const queue = await broker.queue(channel, "brief", { messageTtl: 30 });

      await send(channel, queue, "one", "two");

      await expect.poll(() => readyIn(channel, queue), soon).toBe(0);
      expect(await drain(channel, queue)).toEqual([]);
    },
  );

  behaviour(
    "of 0 lets only waiting consumers have a message",
    docs("ttl#message-ttl-using-x-args"),
    async (broker) => {
      const channel = await broker.openChannel();
      const queue = await broker.queue(channel, "brief", { messageTtl: 0 });

      await send(channel, queue, "nobody waits");
      const deliveries = await consume(channel, queue);
      await send(channel, queue, "somebody waits");

      expect((await deliveries.next()).content.toString()).toBe("somebody waits");
    },
  );

  behaviour("does not touch what a consumer holds", docs("ttl"), async (broker) => {
    const channel = await broker.openChannel();
    const queue = await broker.queue(channel, "brief", { messageTtl: 50 });
    await channel.prefetch(1);
    const deliveries = await consume(channel, queue);
    await send(channel, queue, "held", "ready");
    const held = await deliveries.next();

    await expect.poll(() => readyIn(channel, queue), soon).toBe(0);
    channel.ack(held);

    // The server would close the channel if it did not know the delivery any more.
    expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: 0, consumerCount: 1 });
  });

  behaviour("must be a whole number that is not negative", docs("ttl"), async (broker) => {
    const connection = await broker.connect();
    const name = broker.name("brief");

    for (const messageTtl of [-1, "soon"]) {
      const channel = await broker.openChannel(connection);
      const declared = channel.assertQueue(name, { arguments: { "x-message-ttl": messageTtl } });
      await expect(declared).rejects.toMatchObject({ code: 406 });
    }
  });
});

describe("a message's expiration", () => {
  behaviour(
    "removes it when its time is over",
    docs("ttl#per-message-ttl-in-publishers"),
    async (broker) => {
      const channel = await broker.openChannel();
      const queue = await broker.queue(channel, "letters");

      await publish(channel, "", queue, "brief", { expiration: 30 });
      await publish(channel, "", queue, "lasting");

      await expect.poll(() => readyIn(channel, queue), soon).toBe(1);
      expect(await drain(channel, queue)).toEqual(["lasting"]);
    },
  );

  behaviour(
    "yields to a queue's shorter TTL",
    docs("ttl#per-message-ttl-in-publishers"),
    async (broker) => {
      const channel = await broker.openChannel();
      const queue = await broker.queue(channel, "brief", { messageTtl: 30 });

      await publish(channel, "", queue, "brief after all", { expiration: 600_000 });

      await expect.poll(() => readyIn(channel, queue), soon).toBe(0);
    },
  );

  behaviour(
    "waits until the message is at the head of its queue",
    docs("ttl#per-message-ttl-caveats"),
    async (broker) => {
      const channel = await broker.openChannel();
      const queue = await broker.queue(channel, "letters");
      const elsewhere = await broker.queue(channel, "elsewhere");
      await publish(channel, "", queue, "lasting");
      await publish(channel, "", queue, "brief", { expiration: 30 });
      await publish(channel, "", elsewhere, "just as brief, but later", { expiration: 30 });

      await expect.poll(() => readyIn(channel, elsewhere), soon).toBe(0);

      expect(await readyIn(channel, queue)).toBe(2);
      expect(await drain(channel, queue)).toEqual(["lasting"]);
    },
  );

  behaviour(
    "must be a whole number that is not negative",
    docs("ttl#per-message-ttl-in-publishers"),
    async (broker) => {
      const connection = await broker.connect();
      const queue = await broker.queue(await broker.openChannel(connection), "letters");

      for (const expiration of ["soon", "-1"]) {
        const channel = await broker.openChannel(connection);
        const error = new Promise((resolve) => channel.once("error", resolve));
        channel.sendToQueue(queue, Buffer.from("a letter"), { expiration });
        expect(await error).toMatchObject({ code: 406 });
      }
    },
  );
});

describe("a queue's own TTL", () => {
  behaviour("removes it when nobody uses it", docs("ttl#queue-ttl"), async (broker) => {
    const connection = await broker.connect();
    const queue = await broker.queue(await broker.openChannel(connection), "brief", {
      expires: 100,
    });
    const exchange = await broker.exchange(await broker.openChannel(connection), "fanout");

    // Binding to it is no use of it, as declaring or checking it would be.
    const isThere = async (): Promise<boolean> => {
      const channel = await broker.openChannel(connection);
      return channel.bindQueue(queue, exchange, "").then(
        () => true,
        () => false,
      );
    };
    await expect.poll(isThere, soon).toBe(false);
  });

  behaviour("does not run while it has a consumer", docs("ttl#queue-ttl"), async (broker) => {
    const connection = await broker.connect();
    const channel = await broker.openChannel(connection);
    const other = await broker.openChannel(connection);
    const used = await broker.queue(channel, "used", { expires: 100 });
    const deliveries = await consume(channel, used);
    const unused = await broker.queue(other, "unused", { expires: 300 });
    const letters = await broker.exchange(other, "fanout");
    const isThere = async (): Promise<boolean> => {
      const asking = await broker.openChannel(connection);
      return asking.bindQueue(unused, letters, "").then(
        () => true,
        () => false,
      );
    };

    await expect.poll(isThere, soon).toBe(false);
    await send(channel, used, "still here");

    expect(await deliveries.texts(1)).toEqual(["still here"]);
  });
});

describe("a queue with a maximum length", () => {
  behaviour(
    "drops its oldest messages",
    docs("maxlength#default-max-queue-length-limit-behaviour"),
    async (broker) => {
      const channel = await broker.openChannel();
      const queue = await broker.queue(channel, "short", { maxLength: 2 });

      await send(channel, queue, "one", "two", "three", "four");

      expect(await drain(channel, queue)).toEqual(["three", "four"]);
    },
  );

  behaviour("counts ready messages only", docs("maxlength"), async (broker) => {
    const channel = await broker.openChannel();
    const queue = await broker.queue(channel, "short", { maxLength: 1 });
    await send(channel, queue, "held");
    const held = await channel.get(queue);

    await send(channel, queue, "ready");

    expect(held).toMatchObject({ fields: { messageCount: 0 } });
    expect(await drain(channel, queue)).toEqual(["ready"]);
  });

  behaviour(
    "may refuse new messages instead, by a nack",
    docs("maxlength#overflow-behaviour"),
    async (broker) => {
      const channel = await broker.openChannel();
      const queue = await broker.queue(channel, "short", {
        maxLength: 1,
        overflow: "reject-publish",
      });
      await publish(channel, "", queue, "one");

      await expect(publish(channel, "", queue, "two")).rejects.toThrow("nacked");

      expect(await drain(channel, queue)).toEqual(["one"]);
      await publish(channel, "", queue, "three");
      expect(await drain(channel, queue)).toEqual(["three"]);
    },
  );

  behaviour(
    "that refuses a message nacks it for all queues together",
    docs("maxlength#overflow-behaviour"),
    async (broker) => {
      const channel = await broker.openChannel();
      const exchange = await broker.exchange(channel, "fanout");
      const full = await broker.queue(channel, "full", {
        maxLength: 0,
        overflow: "reject-publish",
      });
      const roomy = await broker.queue(channel, "roomy");
      await channel.bindQueue(full, exchange, "");
      await channel.bindQueue(roomy, exchange, "");

      await expect(publish(channel, exchange, "", "one")).rejects.toThrow("nacked");

      expect(await drain(channel, roomy)).toEqual(["one"]);
    },
  );
});
