/** What leaves on a connection: collected while the broker is at work, written at once when it is done. */

import type { Socket } from "node:net";
import { OctetWriter } from "./octets.ts";

/** More than this is not kept for a client that does not read: nothing more is delivered to it then. */
const highWater = 1024 * 1024;
const flushAt = 64 * 1024;

export class Output {
  readonly writer = new OctetWriter();
  readonly #socket: Socket;
  #isScheduled = false;
  #hasSent = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** True as long as the client should be left to read; the socket's `drain` event tells when it has. */
  get isFull(): boolean {
    return this.#socket.writableLength + this.writer.length > highWater;
  }

  /** To be called after every frame: it leaves with the others of this turn of the event loop. */
  schedule(): void {
    if (this.writer.length > flushAt) this.flush();
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    process.nextTick(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  flush(): void {
    if (this.writer.length === 0) return;
    const octets = this.writer.take();
    this.#hasSent = true;
    if (this.#socket.writable) this.#socket.write(octets);
  }

  /** Whether anything left since this was asked last. */
  hasSentSince(): boolean {
    const hasSent = this.#hasSent;
    this.#hasSent = false;
    return hasSent;
  }
}
