import { describe, expect } from "vitest";
import { contract } from "./contract.ts";
import {
  body,
  frameTypes,
  header,
  lastWord,
  logIn,
  method as methodFrame,
  octet,
  openChannel,
  openConnection,
  openedRawClient,
  openRawChannel,
  publishTo,
  rawClient,
  short,
  shortString,
  table,
  told,
  tuneOk,
} from "./raw-client.ts";
import { docs, method, spec } from "./sources.ts";
import { closeOf, drain, errorOf, readyIn, send } from "./traffic.ts";

const behaviour = await contract();

describe("the server", () => {
  behaviour(
    "tells who it is and what it can do",
    docs("consumer-cancel#capabilities"),
    async (broker) => {
      const { serverProperties } = (await broker.connect()).connection;

      expect(serverProperties).toMatchObject({
        product: expect.any(String),
        version: expect.stringMatching(/^\d+\.\d+/),
        capabilities: {
          publisher_confirms: true,
          exchange_exchange_bindings: true,
          "basic.nack": true,
          consumer_cancel_notify: true,
          per_consumer_qos: true,
          authentication_failure_close: true,
        },
      });
    },
  );

  behaviour("reads what arrives octet by octet", spec("2.3.4"), async (broker) => {
    const channel = await broker.openChannel();
    const queue = await broker.queue(channel, "letters");
    const client = await openedRawClient(broker.url);
    await openRawChannel(client, 1);
    const octets = Buffer.concat([
      publishTo(1, queue),
      header(1, 5),
      body(1, "piece"),
      body(1, "s"),
    ]);

    for (const each of octets.subarray(0, -9)) {
      client.send(octet(each));
      await new Promise((resolve) => setImmediate(resolve));
    }

    await expect.poll(() => drain(channel, queue), { interval: 10 }).toEqual(["piece"]);
    client.cut();
  });

  behaviour("reads several methods that arrive together", spec("2.3.4"), async (broker) => {
    const channel = await broker.openChannel();
    const queue = await broker.queue(channel, "letters");
    const client = await openedRawClient(broker.url);

    client.send(
      openChannel(1),
      methodFrame(1, "confirm.select", [octet(1)]),
      publishTo(1, queue),
      header(1, 6),
      body(1, "to"),
      body(1, "ge"),
      body(1, "th"),
      publishTo(1, queue),
      header(1, 2),
      body(1, "er"),
      methodFrame(1, "channel.close", [short(200), shortString(""), short(0), short(0)]),
    );

    const said: string[] = [];
    while (said.at(-1) !== "channel.close-ok") said.push(told(await client.next()).method);
    expect(said[0]).toBe("channel.open-ok");
    expect(await drain(channel, queue)).toEqual(["togeth", "er"]);
    client.cut();
  });

  behaviour("keeps nothing of a message that was cut off", spec("4.2.6"), async (broker) => {
    const channel = await broker.openChannel();
    const queue = await broker.queue(channel, "letters");
    const client = await openedRawClient(broker.url);
    await openRawChannel(client, 1);
    const own = broker.name("own");
    const exclusive = octet(4);
    client.send(methodFrame(1, "queue.declare", [short(0), shortString(own), exclusive, table()]));
    expect(told(await client.next()).method).toBe("queue.declare-ok");

    client.send(publishTo(1, queue), header(1, 10), body(1, "half "));
    client.cut();
    // The server has dealt with the end of the connection when what belonged to it is gone.
    const check = async () => (await broker.openChannel()).checkQueue(own);
    await expect.poll(() => check().catch(String), { interval: 10 }).toContain("404");
    await send(channel, queue, "whole");

    expect(await drain(channel, queue)).toEqual(["whole"]);
  });

  behaviour(
    "gives back what a cut connection held",
    docs("confirms#automatic-requeueing"),
    async (broker) => {
      const channel = await broker.openChannel();
      const queue = await broker.queue(channel, "letters");
      await send(channel, queue, "1", "2", "3");
      const client = await openedRawClient(broker.url);
      await openRawChannel(client, 1);
      const tag = shortString("");
      client.send(
        methodFrame(1, "basic.consume", [short(0), shortString(queue), tag, octet(0), table()]),
      );
      while (told(await client.next()).method !== "basic.deliver");
      await expect.poll(() => readyIn(channel, queue), { interval: 10 }).toBe(0);

      client.cut();

      await expect.poll(() => readyIn(channel, queue), { interval: 10 }).toBe(3);
      const first = await channel.get(queue);
      expect(first).toMatchObject({ fields: { redelivered: true } });
      expect(await drain(channel, queue)).toEqual(["2", "3"]);
    },
  );

  behaviour(
    "does not answer where the client wants no answer",
    method("queue.declare"),
    async (broker) => {
      const channel = await broker.openChannel();
      const queue = broker.name("letters");
      const client = await openedRawClient(broker.url);
      await openRawChannel(client, 1);
      const nowait = 16;

      client.send(
        methodFrame(1, "queue.declare", [short(0), shortString(queue), octet(2 + nowait), table()]),
        methodFrame(1, "channel.close", [short(200), shortString(""), short(0), short(0)]),
      );

      expect(told(await client.next()).method).toBe("channel.close-ok");
      expect(await readyIn(channel, queue)).toBe(0);
      client.cut();
    },
  );

  behaviour("lets a channel's number be used again", method("channel.close"), async (broker) => {
    const connection = await broker.connect({ channelMax: 1 });

    for (let round = 0; round < 3; round++) {
      const channel = await broker.openChannel(connection);
      await channel.close();
    }
    const last = await broker.openChannel(connection);

    await expect(last.checkExchange("amq.topic")).resolves.toBeDefined();
  });
});

describe("the limits of a connection", () => {
  behaviour(
    "are offered by the server, and lowered by the client",
    method("connection.tune"),
    async (broker) => {
      const client = await rawClient(broker.url);

      const { channelMax, frameMax, heartbeat } = await logIn(client, broker.url);
      client.send(tuneOk({ channelMax: 5, frameMax: 8_192, heartbeat: 0 }), openConnection());

      expect(channelMax).toBeGreaterThan(100);
      expect(frameMax).toBe(131_072);
      expect(heartbeat).toBe(60);
      expect(told(await client.next()).method).toBe("connection.open-ok");
      client.cut();
    },
  );

  behaviour("hold for the channels", method("connection.tune-ok"), async (broker) => {
    const client = await openedRawClient(broker.url, { channelMax: 2 });
    await openRawChannel(client, 1);
    await openRawChannel(client, 2);

    client.send(openChannel(3));

    expect(told(await client.next())).toMatchObject({ method: "connection.close" });
    client.cut();
  });

  behaviour(
    "cannot be raised by the client, nor go below the smallest frame",
    method("connection.tune-ok"),
    async (broker) => {
      const smallest = broker.behavesSo("largerFrames") ? 8_192 : 4_096;
      const outcome = async (frameMax: number): Promise<string> => {
        const client = await rawClient(broker.url);
        const offered = await logIn(client, broker.url);
        client.send(tuneOk({ ...offered, frameMax }), openConnection());
        const word = await lastWord(client);
        client.cut();
        return word;
      };

      const outcomes = await Promise.all([131_073, smallest - 1, smallest].map(outcome));

      // RabbitMQ hangs up without a word, after three seconds.
      const refused = expect.stringMatching(/^(connection.close|nothing)$/);
      expect(outcomes).toEqual([refused, refused, "connection.open-ok"]);
    },
  );
});

describe("a heartbeat", () => {
  behaviour("comes from the server while it has nothing to say", spec("4.2.7"), async (broker) => {
    const client = await openedRawClient(broker.url, { heartbeat: 1 });

    const beat = await client.nextOfAll();

    expect(beat).toMatchObject({ type: frameTypes.heartbeat, channel: 0 });
    expect(beat.payload).toHaveLength(0);
    client.cut();
  });

  behaviour(
    "that fails to come makes the server hang up on that client",
    docs("heartbeats"),
    async (broker) => {
      const lively = await broker.openChannel(await broker.connect({ heartbeat: 1 }));
      const silent = await openedRawClient(broker.url, { heartbeat: 1 });

      await expect(silent.untilClosed()).resolves.toBeDefined();

      await expect(lively.checkExchange("amq.topic")).resolves.toBeDefined();
    },
  );
});

describe("closing", () => {
  behaviour("a connection closes its channels", method("connection.close"), async (broker) => {
    const connection = await broker.connect();
    const channel = await broker.openChannel(connection);
    const closed = closeOf(channel);

    await connection.close();

    await expect(closed).resolves.toBeUndefined();
    await expect(connection.close()).rejects.toThrow("Connection closed");
  });

  behaviour("is answered", spec("2.3.7"), async (broker) => {
    const client = await openedRawClient(broker.url);

    client.send(
      methodFrame(0, "connection.close", [short(200), shortString("bye"), short(0), short(0)]),
    );

    expect(told(await client.next()).method).toBe("connection.close-ok");
    client.cut();
  });

  behaviour(
    "by the server is the error of every channel",
    method("connection.close"),
    async (broker) => {
      const connection = await broker.connect();
      const channel = await broker.openChannel(connection);
      const error = errorOf(connection);
      const closed = closeOf(channel);

      // A type of exchange that there is not is an error of the connection.
      await expect(channel.assertExchange(broker.name("odd"), "odd")).rejects.toThrow();
      await closed;

      expect(await error).toMatchObject({ code: 503 });
    },
  );
});
