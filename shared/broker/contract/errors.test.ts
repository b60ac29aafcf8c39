import { connect } from "amqplib";
import { describe, expect } from "vitest";
import { contract } from "./contract.ts";
import {
  body,
  frame,
  header,
  lastWord,
  logIn,
  long,
  method as methodFrame,
  octet,
  openChannel,
  openConnection,
  openedRawClient,
  openRawChannel,
  protocolHeader,
  publishTo,
  rawClient,
  short,
  shortString,
  table,
  told,
  tuneOk,
} from "./raw-client.ts";
import { docs, method, spec } from "./sources.ts";
import { closeOf, drain, send } from "./traffic.ts";

const behaviour = await contract();

describe("an error on a channel", () => {
  behaviour("leaves the connection and its other channels open", spec("4.8.1"), async (broker) => {
    const connection = await broker.connect();
    const channel = await broker.openChannel(connection);
    const other = await broker.openChannel(connection);
    const queue = await broker.queue(other, "letters");
    const closed = closeOf(channel);

    await expect(channel.checkQueue(broker.name("nothing"))).rejects.toMatchObject({ code: 404 });
    await closed;
    await send(other, queue, "all is well");

    expect(await drain(await broker.openChannel(connection), queue)).toEqual(["all is well"]);
  });

  behaviour(
    "makes the server ignore what was sent after it",
    method("channel.close"),
    async (broker) => {
      const client = await openedRawClient(broker.url);
      const channel = await broker.openChannel();
      const queue = await broker.queue(channel, "letters");
      await openRawChannel(client, 1);
      const declare = (name: string) =>
        methodFrame(1, "queue.declare", [short(0), shortString(name), octet(1), table()]);

      client.send(declare(broker.name("nothing")));
      client.send(publishTo(1, queue), header(1, 4), body(1, "lost"), declare(queue));
      expect(told(await client.next())).toEqual({ channel: 1, method: "channel.close", code: 404 });
      client.send(methodFrame(1, "channel.close-ok"));
      await openRawChannel(client, 1);

      expect(await drain(channel, queue)).toEqual([]);
      client.cut();
    },
  );
});

describe("a connection", () => {
  behaviour(
    "is refused to a wrong password",
    docs("access-control#authentication"),
    async (broker) => {
      const connected = broker.connect({ password: "wrong" });

      await expect(connected).rejects.toThrow(/403 \(ACCESS.REFUSED\)/);
    },
  );

  behaviour(
    "is refused to an unknown account",
    docs("access-control#authentication"),
    async (broker) => {
      const connected = broker.connect({ username: "nobody", password: "guest" });

      await expect(connected).rejects.toThrow(/403 \(ACCESS.REFUSED\)/);
    },
  );

  behaviour(
    "is refused to a virtual host that is not there",
    method("connection.open"),
    async (broker) => {
      const client = await rawClient(broker.url);
      const offered = await logIn(client, broker.url);

      client.send(tuneOk({ ...offered, heartbeat: 0 }), openConnection("nowhere"));

      expect(told(await client.next())).toMatchObject({ method: "connection.close", code: 530 });
      client.cut();
    },
  );

  behaviour(
    "knows only the mechanisms that it has offered",
    method("connection.start-ok"),
    async (broker) => {
      const external = { mechanism: "EXTERNAL", response: () => Buffer.alloc(0) };

      const connected = connect(broker.url, { credentials: external });

      await expect(connected).rejects.toThrow("SASL mechanism EXTERNAL");
    },
  );

  behaviour(
    "begins with the protocol's header, or with the server's answer to another",
    spec("4.2.2"),
    async (broker) => {
      const client = await rawClient(broker.url);

      client.send(Buffer.from("GET / HTTP/1.1\r\n\r\n"));

      expect(await client.untilClosed()).toEqual(protocolHeader);
    },
  );

  behaviour("ends at a frame without its end", spec("4.2.3"), async (broker) => {
    const client = await openedRawClient(broker.url);

    client.send(frame(1, 1, Buffer.concat([short(20), short(10), shortString("")]), 0));

    expect(told(await client.next())).toMatchObject({ method: "connection.close", code: 501 });
    client.cut();
  });

  behaviour("ends at a frame larger than agreed", spec("4.2.3"), async (broker) => {
    const client = await openedRawClient(broker.url, { frameMax: 8_192 });
    await openRawChannel(client, 1);

    client.send(publishTo(1, "anywhere"), header(1, 9_000), body(1, Buffer.alloc(9_000)));

    expect(told(await client.next())).toMatchObject({ method: "connection.close", code: 501 });
    client.cut();
  });

  behaviour(
    "ends at a method on a channel that is not open",
    method("channel.open"),
    async (broker) => {
      const client = await openedRawClient(broker.url);

      client.send(methodFrame(7, "confirm.select", [octet(0)]));

      expect(told(await client.next())).toMatchObject({ method: "connection.close", code: 504 });
      client.cut();
    },
  );

  behaviour("ends when a channel is opened twice", method("channel.open"), async (broker) => {
    const client = await openedRawClient(broker.url);
    await openRawChannel(client, 1);

    client.send(openChannel(1));

    expect(told(await client.next())).toMatchObject({ method: "connection.close", code: 504 });
    client.cut();
  });

  behaviour("ends at a content header that no method announced", spec("4.2.6"), async (broker) => {
    const client = await openedRawClient(broker.url);
    await openRawChannel(client, 1);

    client.send(header(1, 5));

    expect(told(await client.next())).toMatchObject({ method: "connection.close", code: 505 });
    client.cut();
  });

  behaviour("ends at a method where a content header is due", spec("4.2.6"), async (broker) => {
    const client = await openedRawClient(broker.url);
    await openRawChannel(client, 1);

    client.send(publishTo(1, "anywhere"), publishTo(1, "anywhere"));

    expect(told(await client.next())).toMatchObject({ method: "connection.close", code: 505 });
    client.cut();
  });

  behaviour("ends at an unknown method", spec("4.8.2"), async (broker) => {
    const client = await openedRawClient(broker.url);
    await openRawChannel(client, 1);

    client.send(frame(1, 1, Buffer.concat([short(60), short(999)])));

    // RabbitMQ hangs up without a word.
    expect(await lastWord(client)).toMatch(/^(connection.close|nothing)$/);
    client.cut();
  });

  behaviour("ends at a method whose fields end early", spec("4.2.4"), async (broker) => {
    const client = await openedRawClient(broker.url);
    await openRawChannel(client, 1);

    client.send(frame(1, 1, Buffer.concat([short(60), short(10), long(0)])));

    expect(told(await client.next())).toMatchObject({ method: "connection.close" });
    client.cut();
  });
});

describe("what RabbitMQ has never implemented", () => {
  behaviour(
    "is refused: publishing with immediate",
    docs("specification#methods"),
    async (broker) => {
      const client = await openedRawClient(broker.url);
      await openRawChannel(client, 1);

      client.send(publishTo(1, "anywhere", 2), header(1, 0));

      expect(told(await client.next())).toEqual({
        channel: 0,
        method: "connection.close",
        code: 540,
      });
      client.cut();
    },
  );

  behaviour("is refused: a prefetch in octets", docs("specification#methods"), async (broker) => {
    const client = await openedRawClient(broker.url);
    await openRawChannel(client, 1);

    client.send(methodFrame(1, "basic.qos", [long(1_000), short(0), octet(0)]));

    expect(told(await client.next())).toEqual({
      channel: 0,
      method: "connection.close",
      code: 540,
    });
    client.cut();
  });

  behaviour(
    "is refused: recovering without requeueing",
    docs("specification#methods"),
    async (broker) => {
      const client = await openedRawClient(broker.url);
      await openRawChannel(client, 1);

      client.send(methodFrame(1, "basic.recover", [octet(0)]));

      expect(told(await client.next())).toEqual({
        channel: 0,
        method: "connection.close",
        code: 540,
      });
      client.cut();
    },
  );

  behaviour("is refused: a class of methods that was withdrawn", spec("4.8.2"), async (broker) => {
    const client = await openedRawClient(broker.url);
    await openRawChannel(client, 1);
    const accessRequest = [short(30), short(10), shortString("/data"), octet(0)];

    client.send(frame(1, 1, Buffer.concat(accessRequest)));

    expect(told(await client.next()).method).toMatch(/connection.close|30.11/);
    client.cut();
  });
});
