/**
 * A client of bare frames, for what amqplib cannot be made to do. It shares no code with the
 * embedded broker, so that the two cannot be wrong in the same way.
 */

import { connect, type Socket } from "node:net";

export interface Frame {
  readonly type: number;
  readonly channel: number;
  readonly payload: Buffer;
}

export const frameTypes = { method: 1, header: 2, body: 3, heartbeat: 8 } as const;

export interface RawClient {
  send(...parts: readonly Buffer[]): void;
  /** The next frame that is no heartbeat. Rejects when the server has hung up. */
  next(): Promise<Frame>;
  /** The next frame of all. */
  nextOfAll(): Promise<Frame>;
  /** The octets that the server sent before it hung up, or since the last frame. */
  untilClosed(): Promise<Buffer>;
  /** Cuts the connection, without a word. */
  cut(): void;
}

/** Connects without sending anything. */
export async function rawClient(url: string): Promise<RawClient> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port || 5672), hostname).setNoDelay();
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve).once("error", reject);
  });
  const frames = framesOf(socket);
  return {
    send: (...parts) => void socket.write(Buffer.concat(parts)),
    async next() {
      for (;;) {
        const frame = await frames.next();
        if (frame.type !== frameTypes.heartbeat) return frame;
      }
    },
    nextOfAll: frames.next,
    untilClosed: frames.rest,
    cut: () => void socket.destroy(),
  };
}

/** Connects, and goes on until the connection is open. */
export async function openedRawClient(
  url: string,
  tuning: Partial<Tuning> = {},
): Promise<RawClient> {
  const client = await rawClient(url);
  const offered = await logIn(client, url);
  client.send(tuneOk({ ...offered, heartbeat: 0, ...tuning }), openConnection());
  expectMethod(await client.next(), "connection.open-ok");
  return client;
}

/** Opens a channel. */
export async function openRawChannel(client: RawClient, channel: number): Promise<void> {
  client.send(openChannel(channel));
  expectMethod(await client.next(), "channel.open-ok");
}

export interface Tuning {
  readonly channelMax: number;
  readonly frameMax: number;
  readonly heartbeat: number;
}

/** Sends the protocol's header and the account of the URL; returns what the server offers. */
export async function logIn(client: RawClient, url: string): Promise<Tuning> {
  const { username, password } = new URL(url);
  client.send(protocolHeader);
  expectMethod(await client.next(), "connection.start");
  client.send(
    method(0, "connection.start-ok", [
      table(),
      shortString("PLAIN"),
      longString(`\0${decodeURIComponent(username)}\0${decodeURIComponent(password)}`),
      shortString("en_US"),
    ]),
  );
  const { payload } = expectMethod(await client.next(), "connection.tune");
  return {
    channelMax: payload.readUInt16BE(4),
    frameMax: payload.readUInt32BE(6),
    heartbeat: payload.readUInt16BE(10),
  };
}

export const protocolHeader = Buffer.from("AMQP\0\0\x09\x01", "latin1");

const methods = {
  "connection.start": [10, 10],
  "connection.start-ok": [10, 11],
  "connection.tune": [10, 30],
  "connection.tune-ok": [10, 31],
  "connection.open": [10, 40],
  "connection.open-ok": [10, 41],
  "connection.close": [10, 50],
  "connection.close-ok": [10, 51],
  "channel.open": [20, 10],
  "channel.open-ok": [20, 11],
  "channel.close": [20, 40],
  "channel.close-ok": [20, 41],
  "queue.declare": [50, 10],
  "queue.declare-ok": [50, 11],
  "basic.qos": [60, 10],
  "basic.consume": [60, 20],
  "basic.publish": [60, 40],
  "basic.deliver": [60, 60],
  "basic.recover": [60, 110],
  "confirm.select": [85, 10],
  "tx.select": [90, 10],
} as const;

type MethodName = keyof typeof methods;

export function frame(type: number, channel: number, payload: Buffer, end = 0xce): Buffer {
  const head = Buffer.alloc(7);
  head.writeUInt8(type, 0);
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, Buffer.from([end])]);
}

export function method(channel: number, name: MethodName, fields: readonly Buffer[] = []): Buffer {
  const [classId, methodId] = methods[name];
  const head = [short(classId), short(methodId)];
  return frame(frameTypes.method, channel, Buffer.concat([...head, ...fields]));
}

/** A content header without properties. */
export function header(channel: number, bodySize: number): Buffer {
  const payload = [short(60), short(0), long(0), long(bodySize), short(0)];
  return frame(frameTypes.header, channel, Buffer.concat(payload));
}

export function body(channel: number, content: string | Buffer): Buffer {
  return frame(frameTypes.body, channel, Buffer.from(content));
}

export function openConnection(vhost = "/"): Buffer {
  return method(0, "connection.open", [shortString(vhost), shortString(""), octet(0)]);
}

export function tuneOk({ channelMax, frameMax, heartbeat }: Tuning): Buffer {
  return method(0, "connection.tune-ok", [short(channelMax), long(frameMax), short(heartbeat)]);
}

export function openChannel(channel: number): Buffer {
  return method(channel, "channel.open", [shortString("")]);
}

/** basic.publish to a queue; `flags`: 1 mandatory, 2 immediate. */
export function publishTo(channel: number, queue: string, flags = 0): Buffer {
  const fields = [short(0), shortString(""), shortString(queue), octet(flags)];
  return method(channel, "basic.publish", fields);
}

export function octet(value: number): Buffer {
  return Buffer.from([value]);
}

export function short(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeUInt16BE(value);
  return buffer;
}

export function long(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}

export function shortString(text: string): Buffer {
  return Buffer.concat([octet(text.length), Buffer.from(text, "latin1")]);
}

function longString(text: string): Buffer {
  return Buffer.concat([long(text.length), Buffer.from(text, "latin1")]);
}

/** An empty field table. */
export function table(): Buffer {
  return long(0);
}

/** What a frame says, in words for a test: the method's name, and of a close its code. */
export function told({ type, channel, payload }: Frame): {
  readonly channel: number;
  readonly method: string;
  readonly code?: number;
} {
  if (type !== frameTypes.method)
    return { channel, method: `no method but a frame of type ${type}` };
  const id = [payload.readUInt16BE(0), payload.readUInt16BE(2)];
  const name = Object.entries(methods).find(([, known]) => known.join() === id.join())?.[0];
  if (name !== "connection.close" && name !== "channel.close")
    return { channel, method: name ?? id.join(".") };
  return { channel, method: name, code: payload.readUInt16BE(4) };
}

/** The method that the server says next, or "nothing" where it hangs up instead. */
export function lastWord(client: RawClient): Promise<string> {
  return client.next().then(
    (received) => told(received).method,
    () => "nothing",
  );
}

function expectMethod(received: Frame, name: MethodName): Frame {
  const { method: said, code } = told(received);
  if (said === name) return received;
  throw new Error(`The server said ${said} ${code ?? ""} instead of ${name}.`);
}

function framesOf(socket: Socket): { next(): Promise<Frame>; rest(): Promise<Buffer> } {
  let received = Buffer.alloc(0);
  let isClosed = false;
  let wake = (): void => {};
  socket.on("data", (chunk) => {
    received = Buffer.concat([received, chunk]);
    wake();
  });
  socket.on("error", () => {}); // a server may hang up on what it has not read
  socket.on("close", () => {
    isClosed = true;
    wake();
  });
  const change = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });
  return {
    async next() {
      for (;;) {
        const size = received.length < 7 ? Number.POSITIVE_INFINITY : received.readUInt32BE(3) + 8;
        if (received.length >= size) {
          const frameRead = received.subarray(0, size);
          received = received.subarray(size);
          return {
            type: frameRead.readUInt8(0),
            channel: frameRead.readUInt16BE(1),
            payload: frameRead.subarray(7, -1),
          };
        }
        if (isClosed) throw new Error("The server has hung up.");
        await change();
      }
    },
    async rest() {
      while (!isClosed) await change();
      return received;
    },
  };
}
