import { describe, expect } from "vitest";
import { contract } from "./contract.ts";
import { docs } from "./sources.ts";
import { consume, drain, publish, readyIn, send, textsOf } from "./traffic.ts";

const behaviour = await contract();

describe("an alternate exchange", () => {
  behaviour("gets what no binding takes", docs("ae"), async (broker) => {
    const channel = await broker.openChannel();
    const alternateExchange = await broker.exchange(channel, "fanout", "alternate");
    const exchange = await broker.exchange(channel, "direct", "exchange", { alternateExchange });
    const queue = await broker.queue(channel, "letters");
    const rest = await broker.queue(channel, "rest");
    await channel.bindQueue(queue, exchange, "news");
    await channel.bindQueue(rest, alternateExchange, "");
    const returned: unknown[] = [];
    channel.on("return", (message) => returned.push(message));

    await publish(channel, exchange, "news", "expected", { mandatory: true });
    await publish(channel, exchange, "other", "unexpected", { mandatory: true });

    expect(await drain(channel, queue)).toEqual(["expected"]);
    expect(await drain(channel, rest)).toEqual(["unexpected"]);
    expect(returned).toEqual([]);
  });
});

describe("a message with further keys", () => {
  behaviour(
    "goes by the keys of CC and BCC, too, and hides BCC",
    docs("sender-selected"),
    async (broker) => {
      const channel = await broker.openChannel();
      const exchange = await broker.exchange(channel, "direct");
      const queues = [];
      for (const key of ["to", "cc", "bcc"]) {
        const queue = await broker.queue(channel, key);
        await channel.bindQueue(queue, exchange, key);
        queues.push(queue);
      }

      await publish(channel, exchange, "to", "a letter", { CC: ["cc"], BCC: ["bcc"] });

      for (const queue of queues) {
        expect(await channel.get(queue)).toMatchObject({
          fields: { routingKey: "to" },
          properties: { headers: { CC: ["cc"] } },
        });
        const again = await channel.get(queue);
        expect(again).toBe(false);
      }
    },
  );

  behaviour(
    "comes once to a queue that two of its keys reach",
    docs("sender-selected"),
    async (broker) => {
      const channel = await broker.openChannel();
      const queue = await broker.queue(channel, "letters");

      await publish(channel, "", queue, "a letter", { BCC: [queue] });

      const message = await channel.get(queue);
      expect(message).toMatchObject({ content: Buffer.from("a letter") });
      expect(message === false || message.properties.headers).not.toHaveProperty("BCC");
      expect(await readyIn(channel, queue)).toBe(0);
    },
  );
});

describe("a consumer's priority", () => {
  behaviour(
    "puts it before others while it has room",
    docs("consumer-priority"),
    async (broker) => {
      const channel = await broker.openChannel();
      const queue = await broker.queue(channel, "letters");
      await channel.prefetch(2);
      const low = await consume(channel, queue, { priority: 1 });
      const high = await consume(channel, queue, { priority: 10 });

      await send(channel, queue, "1", "2", "3");
      await readyIn(channel, queue);

      expect(textsOf(high.arrived)).toEqual(["1", "2"]);
      expect(textsOf(low.arrived)).toEqual(["3"]);
    },
  );
});

describe("a queue with further limits", () => {
  behaviour("may count the octets of the bodies", docs("maxlength"), async (broker) => {
    const channel = await broker.openChannel();
    const queue = await broker.queue(channel, "short", {
      arguments: { "x-max-length-bytes": 10 },
    });

    await send(channel, queue, "12345", "67890", "abcd");

    expect(await drain(channel, queue)).toEqual(["67890", "abcd"]);
  });

  behaviour(
    "may make dead letters of what it refuses",
    docs("maxlength#overflow-behaviour"),
    async (broker) => {
      const channel = await broker.openChannel();
      const graveyard = await broker.queue(channel, "graveyard");
      const queue = await broker.queue(channel, "short", {
        maxLength: 1,
        overflow: "reject-publish-dlx",
        deadLetterExchange: "",
        deadLetterRoutingKey: graveyard,
      });
      const dead = await consume(channel, graveyard);
      await publish(channel, "", queue, "one");

      await expect(publish(channel, "", queue, "two")).rejects.toThrow("nacked");

      expect((await dead.next()).properties.headers).toMatchObject({
        "x-first-death-reason": "maxlen",
      });
      expect(textsOf(dead.arrived)).toEqual(["two"]);
      expect(await drain(channel, queue)).toEqual(["one"]);
    },
  );
});

describe("a headers exchange that looks at x- headers", () => {
  behaviour(
    "asks for all of them, too, where it is told so",
    docs("exchanges#headers"),
    async (broker) => {
      const channel = await broker.openChannel();
      const exchange = await broker.exchange(channel, "headers");
      const all = await broker.queue(channel, "all");
      const any = await broker.queue(channel, "any");
      const wanted = { city: "Bern", "x-version": 2 };
      await channel.bindQueue(all, exchange, "", { ...wanted, "x-match": "all-with-x" });
      await channel.bindQueue(any, exchange, "", { ...wanted, "x-match": "any-with-x" });

      await publish(channel, exchange, "", "both", { headers: wanted });
      await publish(channel, exchange, "", "version", { headers: { "x-version": 2 } });
      await publish(channel, exchange, "", "neither", { headers: { "x-version": 1 } });

      expect(await drain(channel, all)).toEqual(["both"]);
      expect(await drain(channel, any)).toEqual(["both", "version"]);
    },
  );
});
