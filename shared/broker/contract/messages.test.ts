import { describe, expect } from "vitest";
import { contract } from "./contract.ts";
import { docs, spec } from "./sources.ts";
import { consume, publish } from "./traffic.ts";

const behaviour = await contract();

describe("a message", () => {
  behaviour("keeps all its properties", spec("basic class"), async (broker) => {
    const channel = await broker.openChannel();
    const queue = await broker.queue(channel, "letters");
    const deliveries = await consume(channel, queue);
    const properties = {
      contentType: "application/json",
      contentEncoding: "utf-8",
      headers: { attempt: 1 },
      deliveryMode: 2,
      priority: 3,
      correlationId: "correlation-1",
      replyTo: "answers",
      expiration: "60000",
      messageId: "message-1",
      timestamp: 1_900_000_000,
      type: "ReservationConfirmed",
      userId: new URL(broker.url).username,
      appId: "workshop",
    };

    await publish(channel, "", queue, "{}", properties);

    const message = await deliveries.next();
    expect(message.properties).toEqual({ ...properties, clusterId: undefined });
    expect(message.fields).toEqual({
      consumerTag: deliveries.consumerTag,
      deliveryTag: 1,
      redelivered: false,
      exchange: "",
      routingKey: queue,
    });
  });

  behaviour("without properties has none", spec("4.2.6.1"), async (broker) => {
    const channel = await broker.openChannel();
    const queue = await broker.queue(channel, "letters");
    const deliveries = await consume(channel, queue);

    await publish(channel, "", queue, "bare");

    const { contentType, messageId, timestamp, expiration } = (await deliveries.next()).properties;
    expect([contentType, messageId, timestamp, expiration]).toEqual(Array(4).fill(undefined));
  });

  behaviour("keeps headers of every kind, also nested", spec("4.2.5.5"), async (broker) => {
    const channel = await broker.openChannel();
    const queue = await broker.queue(channel, "letters");
    const deliveries = await consume(channel, queue);
    const headers = {
      text: "Zürich, 東京",
      empty: "",
      yes: true,
      no: false,
      nothing: null,
      small: -5,
      large: 2 ** 40,
      negative: -(2 ** 40),
      fraction: 0.1,
      list: ["one", 2, [true, null], { deep: "value" }],
      table: { inner: { innermost: [1, 2, 3] }, empty: {} },
      bytes: Buffer.from([0, 255, 206]),
      at: { "!": "timestamp", value: 1_900_000_000 },
    };

    await publish(channel, "", queue, "a letter", { headers });

    expect((await deliveries.next()).properties.headers).toEqual(headers);
  });

  behaviour("may have an empty body", spec("4.2.6"), async (broker) => {
    const channel = await broker.openChannel();
    const queue = await broker.queue(channel, "letters");
    const deliveries = await consume(channel, queue);

    await publish(channel, "", queue, "");
    await publish(channel, "", queue, "after it");

    expect(await deliveries.texts(2)).toEqual(["", "after it"]);
  });

  behaviour("keeps its octets at every size around a frame's", spec("4.2.6.2"), async (broker) => {
    const frameMax = 8_192;
    const connection = await broker.connect({ frameMax });
    const channel = await broker.openChannel(connection);
    const queue = await broker.queue(channel, "letters");
    const deliveries = await consume(channel, queue);
    const roomInFrame = frameMax - 8;

    for (const size of [
      1,
      roomInFrame - 1,
      roomInFrame,
      roomInFrame + 1,
      2 * roomInFrame,
      frameMax * 3,
    ]) {
      const content = Buffer.from(Array.from({ length: size }, (_, index) => index % 251));
      await publish(channel, "", queue, content);
      const message = await deliveries.next();
      expect(message.content.equals(content), `${size} octets`).toBe(true);
    }
  });

  behaviour(
    "of one MiB comes whole to a reader with small frames",
    spec("4.2.6.2"),
    async (broker) => {
      const channel = await broker.openChannel();
      const queue = await broker.queue(channel, "letters");
      const reader = await broker.openChannel(await broker.connect({ frameMax: 8_192 }));
      const deliveries = await consume(reader, queue);
      const content = Buffer.alloc(1024 * 1024, "0123456789");

      await publish(channel, "", queue, content);

      expect((await deliveries.next()).content.equals(content)).toBe(true);
    },
  );

  behaviour(
    "of many frames does not mix with those of other channels",
    spec("4.3"),
    async (broker) => {
      const connection = await broker.connect({ frameMax: 8_192 });
      const first = await broker.openChannel(connection);
      const second = await broker.openChannel(connection);
      const queue = await broker.queue(first, "letters");
      const deliveries = await consume(await broker.openChannel(), queue);
      const contents = [Buffer.alloc(200_000, "first "), Buffer.alloc(200_000, "second ")];

      await Promise.all(
        [first, second].map((channel, index) =>
          publish(channel, "", queue, contents[index] ?? Buffer.alloc(0)),
        ),
      );

      const received = [await deliveries.next(), await deliveries.next()];
      const sorted = received.map(({ content }) => content).toSorted(Buffer.compare);
      expect(
        sorted.map((content, index) => content.equals(contents[index] ?? Buffer.alloc(0))),
      ).toEqual([true, true]);
    },
  );

  behaviour(
    "of more than 16 MiB is refused from RabbitMQ 4.0 on",
    docs("configure#config-items"),
    async (broker) => {
      const channel = await broker.openChannel();
      const queue = await broker.queue(channel, "letters");

      const published = publish(channel, "", queue, Buffer.alloc(16 * 1024 * 1024 + 1));

      if (broker.behavesSo("sixteenMebibytes")) await expect(published).rejects.toThrow();
      else await expect(published).resolves.toBeUndefined();
    },
  );

  behaviour("may have a key of 255 octets", spec("4.2.5.3"), async (broker) => {
    const channel = await broker.openChannel();
    const exchange = await broker.exchange(channel, "topic");
    const queue = await broker.queue(channel, "letters");
    const key = "k".repeat(255);
    await channel.bindQueue(queue, exchange, key);
    const deliveries = await consume(channel, queue);

    await publish(channel, exchange, key, "a letter");

    expect((await deliveries.next()).fields.routingKey).toBe(key);
  });

  behaviour(
    "may not claim another account than its own",
    docs("validated-user-id"),
    async (broker) => {
      const channel = await broker.openChannel();
      const queue = await broker.queue(channel, "letters");
      const error = new Promise((resolve) => channel.once("error", resolve));

      channel.sendToQueue(queue, Buffer.from("a letter"), { userId: "somebody-else" });

      expect(await error).toMatchObject({ code: 406 });
    },
  );
});
