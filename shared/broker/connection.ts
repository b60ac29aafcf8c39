/** A connection: frames in and out, channels, heartbeats, and an orderly end. */

import type { Socket } from "node:net";
import { type Channel, type ChannelOwner, takeBack } from "./channel.ts";
import { Channels } from "./channels.ts";
import {
  type FrameSink,
  frameError,
  frameType,
  protocolHeader,
  readFrames,
  smallestFrameMax,
  snippet,
  writeContentFrames,
  writeMethodFrame,
} from "./frame.ts";
import { type Credentials, can, Handshake, start } from "./handshake.ts";
import { startHeartbeats } from "./heartbeat.ts";
import type { Message } from "./message.ts";
import { type ArgumentsOf, type MethodName, methodId, readMethod } from "./methods.ts";
import { OctetReader } from "./octets.ts";
import { Output } from "./output.ts";
import { closeArguments, ProtocolError } from "./reply-codes.ts";
import type { VirtualHost } from "./virtual-host.ts";

export interface ConnectionOptions {
  readonly host: VirtualHost;
  readonly credentials: Credentials;
  /** Milliseconds until connection.open, and until a close is answered. */
  readonly patience: number;
  onEnd(connection: Connection): void;
}

/** `closing`: the broker has closed and waits for the answer. `finished`: nothing more is read or written. */
type State = "header" | "handshake" | "open" | "closing" | "finished";

export class Connection implements ChannelOwner, FrameSink {
  readonly host: VirtualHost;
  frameMax: number = smallestFrameMax;
  readonly #socket: Socket;
  readonly #output: Output;
  readonly #options: ConnectionOptions;
  readonly #handshake: Handshake;
  readonly #channels: Channels;
  #state: State = "header";
  #rest: Buffer = Buffer.alloc(0);
  #isPublisher = false;
  #isBlocked = false;
  #isPaused = false;
  #hasReceived = false;
  #hasEnded = false;
  #deadline: NodeJS.Timeout | undefined;
  #heartbeats: NodeJS.Timeout | undefined;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.host = options.host;
    this.#output = new Output(socket);
    this.#channels = new Channels(this);
    this.#handshake = new Handshake(options.credentials, (name, values) =>
      this.send(0, name, values),
    );
    this.#endWithin(options.patience);
    socket.setNoDelay(true);
    // What went wrong with the socket is its end, and that is told by `close`.
    socket.on("error", () => {});
    socket.on("data", (octets) => this.#take(octets));
    socket.on("drain", () => this.#drained());
    socket.on("close", () => this.#ended());
  }

  get user(): string {
    return this.#options.credentials.user;
  }

  get isWritable(): boolean {
    return this.#state === "open" && !this.#output.isFull;
  }

  /** What comes out of what is read must not pile up. */
  get isReading(): boolean {
    return !this.#isBlocked && !this.#output.isFull && this.#state !== "finished";
  }

  get wantsCancelNotices(): boolean {
    return this.#clientCan("consumer_cancel_notify");
  }

  send<Name extends MethodName>(
    channel: number,
    name: Name,
    values: Partial<ArgumentsOf<Name>>,
    message?: Message,
  ): void {
    if (this.#state === "finished") return;
    const { writer } = this.#output;
    writeMethodFrame(writer, channel, name, values);
    if (message) writeContentFrames(writer, channel, message, this.frameMax);
    this.#output.schedule();
  }

  confirmLater(channel: Channel): void {
    this.#channels.confirmLater(channel);
  }

  publishes(): void {
    this.#isPublisher = true;
    if (this.host.memory.isLow) this.memoryChanged(true);
  }

  /** Stops reading from a client that publishes while there is no room for more. */
  memoryChanged(isLow: boolean): void {
    if (!this.#isPublisher || isLow === this.#isBlocked || this.#state !== "open") return;
    this.#isBlocked = isLow;
    if (this.#clientCan("connection.blocked")) {
      if (isLow) this.send(0, "connection.blocked", { reason: "low on memory" });
      else this.send(0, "connection.unblocked", {});
    }
    // Later, because the connection may be at work right now.
    if (!isLow) setImmediate(() => this.#resume());
  }

  /** Tells the client that the broker closes. `onEnd` follows, soon at the latest. */
  shutDown(): void {
    if (this.#state === "open") {
      const reason = "broker forced connection closure with reason 'shutdown'";
      this.#close(new ProtocolError("CONNECTION_FORCED", reason));
      this.#isBlocked = false;
      this.#resume();
      this.#endWithin(Math.min(1000, this.#options.patience));
    } else {
      this.#finish();
      this.#socket.destroy();
    }
  }

  frame(type: number, number: number, buffer: Buffer, from: number, end: number): void {
    const isKnown =
      type === frameType.heartbeat ? from === end : type <= frameType.body && type > 0;
    if (!isKnown) throw frameError(type, buffer.subarray(from, end), "unknown_frame");
    if (type === frameType.heartbeat && number === 0) return;
    if (this.#state === "closing") this.#whileClosing(type, number, buffer, from, end);
    else if (number === 0) this.#connectionFrame(type, buffer, from, end);
    else if (this.#state === "open") this.#channels.frame(type, number, buffer, from, end);
    else throw new ProtocolError("CHANNEL_ERROR", "expected 'connection.open'");
  }

  #clientCan(name: string): boolean {
    const { session } = this.#handshake;
    return session !== undefined && can(session.capabilities, name);
  }

  #take(octets: Buffer): void {
    // Read and dropped, so that the client's end of the connection is seen.
    if (this.#state === "finished") return;
    this.#hasReceived = true;
    const buffer = this.#rest.length === 0 ? octets : Buffer.concat([this.#rest, octets]);
    this.#rest = Buffer.alloc(0);
    try {
      const begin = this.#state === "header" ? this.#header(buffer) : 0;
      this.#rest = buffer.subarray(readFrames(buffer, begin, this));
    } catch (error) {
      this.#fail(error);
    }
    this.#channels.sendConfirms();
    if (this.#isBlocked || this.#output.isFull) {
      this.#isPaused = true;
      this.#socket.pause();
    }
  }

  /** Returns where the frames begin. */
  #header(buffer: Buffer): number {
    const { length } = protocolHeader;
    const begin = buffer.subarray(0, length);
    if (!begin.equals(protocolHeader.subarray(0, begin.length))) {
      // The specification's way to say which protocol is spoken here (4.2.2).
      this.#socket.write(protocolHeader);
      this.#finish();
    } else if (begin.length === length) {
      this.#state = "handshake";
      this.send(0, "connection.start", start);
      return length;
    }
    return 0;
  }

  #connectionFrame(type: number, buffer: Buffer, from: number, end: number): void {
    if (type !== frameType.method) {
      throw new ProtocolError("UNEXPECTED_FRAME", snippet(type, buffer.subarray(from, end)));
    }
    const method = readMethod(new OctetReader(buffer, from, end));
    if (method.name === "connection.close") {
      this.#release();
      this.send(0, "connection.close-ok", {});
      this.#finish();
    } else if (this.#state === "handshake") {
      this.#handshake.method(method);
      this.#opened();
    } else if (method.name === "connection.update-secret") {
      throw new ProtocolError("NOT_IMPLEMENTED", method.name);
    } else {
      throw new ProtocolError("CHANNEL_ERROR", "unexpected method in connection state running");
    }
  }

  #opened(): void {
    const { session } = this.#handshake;
    if (!session) return;
    clearTimeout(this.#deadline);
    this.#state = "open";
    this.frameMax = session.frameMax;
    this.#channels.most = session.channelMax;
    this.#heartbeats = startHeartbeats(session.heartbeat, this.#output, {
      // Nothing is read from a client that has to wait, so nothing is known of it.
      wasHeard: () => this.#isPaused || this.#hasReceived,
      listenAgain: () => {
        this.#hasReceived = false;
      },
      lost: () => this.#socket.destroy(),
    });
  }

  #whileClosing(type: number, number: number, buffer: Buffer, from: number, end: number): void {
    if (type !== frameType.method || number !== 0 || end - from < 4) return;
    const id = buffer.readUInt32BE(from);
    if (id === methodId("connection.close")) this.send(0, "connection.close-ok", {});
    if (id === methodId("connection.close-ok")) this.#finish();
  }

  /** Whatever a client sends, it costs no more than its own connection. */
  #fail(error: unknown): void {
    const known =
      error instanceof ProtocolError ? error : new ProtocolError("INTERNAL_ERROR", String(error));
    if (this.#state === "open") this.#close(known);
    else if (this.#state === "handshake" && (known.code !== 403 || this.#handshake.canBeRefused)) {
      this.#close(known);
    } else this.#socket.destroy();
    // Where a frame is broken, no answer can be made out in what follows.
    if (known.code === 501) this.#finish();
  }

  #close(error: ProtocolError): void {
    this.#channels.sendConfirms();
    this.#state = "closing";
    this.#release();
    this.send(0, "connection.close", closeArguments(error));
    this.#endWithin(this.#options.patience);
  }

  /** Goes on with what came before the pause. */
  #resume(): void {
    if (!this.#isPaused || !this.isReading) return;
    this.#isPaused = false;
    this.#socket.resume();
    this.#take(Buffer.alloc(0));
  }

  #drained(): void {
    this.#channels.dispatch();
    this.#resume();
  }

  /** Writes what is to be written, and then the end. */
  #finish(): void {
    this.#output.flush();
    this.#state = "finished";
    this.#socket.end();
    this.#endWithin(this.#options.patience);
  }

  #endWithin(milliseconds: number): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#socket.destroy(), milliseconds).unref();
  }

  /** Gives everything back that the connection held. */
  #release(): void {
    // Not to a channel that is about to leave, too.
    if (this.#state === "open") this.#state = "closing";
    const left = this.#channels.leave();
    for (const queue of [...this.host.queues.values()]) {
      if (queue.declaration.owner === this) this.host.deleteQueue(queue);
    }
    takeBack(left, "lost");
  }

  #ended(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#state = "finished";
    clearTimeout(this.#deadline);
    clearInterval(this.#heartbeats);
    this.#release();
    this.#options.onEnd(this);
  }
}
