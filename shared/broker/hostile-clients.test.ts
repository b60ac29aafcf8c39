import { once } from "node:events";
import { connect as connectSocket, type Socket } from "node:net";
import { type ChannelModel, connect } from "amqplib";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { type Broker, type BrokerOptions, startBroker } from "./broker.ts";
import {
  body,
  frame,
  frameTypes,
  header,
  long,
  method,
  octet,
  openChannel,
  openedRawClient,
  openRawChannel,
  protocolHeader,
  publishTo,
  type RawClient,
  rawClient,
  short,
  shortString,
  table,
  told,
} from "./contract/raw-client.ts";

/** A content header of class 60 and no length, whose property flags promise more than comes. */
const malformedProperties = Buffer.concat([short(60), Buffer.alloc(10), short(0xffff), long(1)]);

const atTheEnd: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of atTheEnd.splice(0).reverse()) await end();
});

async function broker(options: BrokerOptions = {}): Promise<Broker> {
  const started = await startBroker(options);
  atTheEnd.push(() => started.stop());
  return started;
}

async function client(url: string): Promise<ChannelModel> {
  const connection = await connect(url, { noDelay: true });
  connection.on("error", () => {}); // the test sees it as the failed request
  atTheEnd.push(() => connection.close().catch(() => {}));
  return connection;
}

/** A socket that reads nothing until it is told to. */
async function deafSocket(url: string, upTo: readonly Buffer[]): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connectSocket(Number(port), hostname).setNoDelay();
  atTheEnd.push(() => socket.destroy());
  await once(socket, "connect");
  const { username, password } = new URL(url);
  const response = Buffer.from(`\0${username}\0${password}`);
  socket.write(
    Buffer.concat([
      protocolHeader,
      method(0, "connection.start-ok", [
        table(),
        shortString("PLAIN"),
        long(response.length),
        response,
        shortString("en_US"),
      ]),
      method(0, "connection.tune-ok", [short(10), long(131_072), short(0)]),
      method(0, "connection.open", [shortString("/"), shortString(""), octet(0)]),
      openChannel(1),
      ...upTo,
    ]),
  );
  return socket;
}

/** Resolves when the socket, which is read from now on, has received more than this many octets. */
function received(socket: Socket, octets: number): Promise<void> {
  return new Promise((resolve) => {
    let sum = 0;
    socket.on("data", (chunk) => {
      sum += chunk.length;
      if (sum > octets) resolve();
    });
  });
}

/** Whether the broker still does its work for others. */
async function serves(url: string): Promise<boolean> {
  const connection = await client(url);
  const channel = await connection.createConfirmChannel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  channel.sendToQueue(queue, Buffer.from("still here"));
  await channel.waitForConfirms();
  const got = await channel.get(queue, { noAck: true });
  await connection.close();
  return got !== false && got.content.toString() === "still here";
}

/** What the broker says before it hangs up. */
async function lastWords(raw: RawClient): Promise<string> {
  let words = "nothing";
  for (;;) {
    const received = await raw.next().catch(() => undefined);
    if (!received) return words;
    const { method: name, code } = told(received);
    words = code === undefined ? name : `${name} ${code}`;
    if (name === "connection.close") raw.send(method(0, "connection.close-ok"));
  }
}

describe("a client that talks nonsense", () => {
  it("before the protocol's header is told the protocol, and hung up on", async () => {
    const { url } = await broker();

    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (octets) => {
        const nonsense = Buffer.from(octets);
        fc.pre(nonsense[0] !== 0x41);
        const raw = await rawClient(url);
        raw.send(nonsense);

        expect(await raw.untilClosed()).toEqual(protocolHeader);
      }),
      { numRuns: 30 },
    );
    expect(await serves(url)).toBe(true);
  });

  it("in place of frames costs its own connection, and no other", async () => {
    const { url } = await broker();
    const other = await client(url);

    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 8, maxLength: 500 }), async (octets) => {
        const raw = await openedRawClient(url);
        raw.send(Buffer.from(octets), Buffer.alloc(200_000));

        expect(await lastWords(raw)).toMatch(/^(connection\.close 5\d\d|nothing)$/);
      }),
      { numRuns: 50 },
    );
    expect(await serves(url)).toBe(true);
    await other.createChannel();
  });

  it("in whole frames costs no more than its connection", async () => {
    const { url } = await broker();
    const type = fc.constantFrom(1, 1, 1, 1, 2, 3, 8, 0, 9);
    const classAndMethod = fc
      .tuple(
        fc.constantFrom(10, 20, 40, 50, 60, 85, 90, 7),
        fc.constantFrom(10, 11, 20, 40, 70, 80),
      )
      .map(([classId, methodId]) => Buffer.concat([short(classId), short(methodId)]));
    const payload = fc
      .tuple(classAndMethod, fc.uint8Array({ maxLength: 40 }))
      .map(([id, rest]) => Buffer.concat([id, rest]));
    const frames = fc.array(fc.tuple(type, fc.nat(2), payload), { minLength: 1, maxLength: 12 });

    await fc.assert(
      fc.asyncProperty(frames, async (sent) => {
        const raw = await openedRawClient(url);
        await openRawChannel(raw, 1);
        raw.send(...sent.map(([kind, channel, content]) => frame(kind, channel, content)));
        raw.send(frame(0xee, 0, Buffer.alloc(0)));

        expect(await lastWords(raw)).not.toBe("");
      }),
      { numRuns: 200 },
    );
    expect(await serves(url)).toBe(true);
  });

  it.each([
    ["a frame of 4 GiB", Buffer.from([1, 0, 1, 0xff, 0xff, 0xff, 0xff]), 501],
    ["a frame of no known type", frame(7, 1, Buffer.alloc(4)), 501],
    ["content on channel 0", frame(frameTypes.body, 0, Buffer.alloc(4)), 505],
    ["a method of the server", method(1, "basic.deliver", [Buffer.alloc(12)]), 503],
    ["a method without arguments", frame(1, 1, Buffer.from([0, 60, 0, 40])), 501],
    ["half a method's number", frame(1, 1, Buffer.from([0, 60])), 501],
  ])("%s ends its connection with the right code", async (_, sent, code) => {
    const { url } = await broker();
    const raw = await openedRawClient(url);
    await openRawChannel(raw, 1);

    raw.send(sent);

    expect(told(await raw.next())).toMatchObject({ method: "connection.close", code });
    expect(await serves(url)).toBe(true);
  });

  it.each([
    ["longer than announced", [header(1, 2), body(1, "abc")], 505],
    ["with properties of no known form", [frame(2, 1, malformedProperties)], 502],
  ])("a body %s ends its connection with the right code", async (_, parts, code) => {
    const { url } = await broker();
    const raw = await openedRawClient(url);
    await openRawChannel(raw, 1);

    raw.send(publishTo(1, "queue"), ...parts);

    expect(told(await raw.next())).toMatchObject({ method: "connection.close", code });
  });

  it("about a message larger than there may be loses its channel", async () => {
    const { url } = await broker();
    const raw = await openedRawClient(url);
    await openRawChannel(raw, 1);

    raw.send(publishTo(1, "queue"), header(1, 200 * 1024 * 1024));

    expect(told(await raw.next())).toMatchObject({ method: "channel.close", code: 406 });
  });
});

describe("a client that goes silent", () => {
  it.each([
    ["before the header", []],
    ["within the header", [protocolHeader.subarray(0, 5)]],
    ["after the header", [protocolHeader]],
  ])("%s is hung up on after a while", async (_, sent) => {
    const { url } = await broker({ patience: 50 });
    const raw = await rawClient(url);
    raw.send(...sent);

    await expect(raw.untilClosed()).resolves.toBeDefined();
  });

  it("when it should answer a close is hung up on after a while", async () => {
    const { url } = await broker({ patience: 50 });
    const raw = await openedRawClient(url);

    raw.send(method(1, "basic.qos"));

    expect(told(await raw.next())).toMatchObject({ method: "connection.close", code: 504 });
    await expect(raw.untilClosed()).resolves.toHaveLength(0);
  });
});

describe("a client that does not read", () => {
  const megabyte = Buffer.alloc(1024 * 1024);

  it("is not delivered to any more, and gets everything once it reads", async () => {
    const { url } = await broker();
    const channel = await (await client(url)).createConfirmChannel();
    const { queue } = await channel.assertQueue("deaf", { durable: false });
    const consume = method(1, "basic.consume", [
      ...[short(0), shortString(queue), shortString("tag"), octet(2), table()],
    ]);
    const socket = await deafSocket(url, [consume]);
    await expect.poll(async () => (await channel.checkQueue(queue)).consumerCount).toBe(1);

    const count = 60;
    for (let index = 0; index < count; index++) channel.sendToQueue(queue, megabyte);
    await channel.waitForConfirms();

    // What the system's own buffers take is not the broker's; the rest waits in the queue.
    expect((await channel.checkQueue(queue)).messageCount).toBeGreaterThan(count / 2);
    await received(socket, count * megabyte.length);
    expect((await channel.checkQueue(queue)).messageCount).toBe(0);
  });

  it("is not read from any more while its answers pile up", async () => {
    const { url } = await broker();
    const channel = await (await client(url)).createConfirmChannel();
    const { queue } = await channel.assertQueue("asked-for", { durable: false });
    const count = 60;
    for (let index = 0; index < count; index++) channel.sendToQueue(queue, megabyte);
    await channel.waitForConfirms();

    const get = frame(
      frameTypes.method,
      1,
      Buffer.concat([short(60), short(70), short(0), shortString(queue), octet(1)]),
    );
    const socket = await deafSocket(
      url,
      Array.from({ length: count }, () => get),
    );
    await expect
      .poll(async () => (await channel.checkQueue(queue)).messageCount)
      .toBeLessThan(count);
    await expect(serves(url)).resolves.toBe(true);

    expect((await channel.checkQueue(queue)).messageCount).toBeGreaterThan(count / 2);
    await received(socket, count * megabyte.length);
    expect((await channel.checkQueue(queue)).messageCount).toBe(0);
  });
});

describe("clients in great number", () => {
  it("are served side by side, a thousand of them", async () => {
    const { url } = await broker();
    const count = 1000;
    const receivers = await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const raw = await openedRawClient(url);
        await openRawChannel(raw, 1);
        const queue = `queue-${index}`;
        const declared = [short(0), shortString(queue), octet(0b100), table()];
        raw.send(method(1, "queue.declare", declared));
        await raw.next();
        raw.send(publishTo(1, queue), header(1, 2), body(1, "hi"));
        raw.send(
          method(1, "basic.consume", [
            ...[short(0), shortString(queue), shortString("tag"), octet(2), table()],
          ]),
        );
        return raw;
      }),
    );

    const answers = await Promise.all(
      receivers.map(async (raw) => {
        await raw.next(); // basic.consume-ok
        return told(await raw.next()).method;
      }),
    );

    expect(answers.filter((answer) => answer === "basic.deliver")).toHaveLength(count);
    for (const raw of receivers) raw.cut();
    expect(await serves(url)).toBe(true);
  });
});
