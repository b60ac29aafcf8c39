/** A message on its way in: the method was there, its header and body come in frames of their own. */

import { frameType } from "./frame.ts";
import type { ArgumentsOf } from "./methods.ts";
import { OctetReader } from "./octets.ts";
import { type Outline, outlineOf } from "./properties.ts";
import { ProtocolError } from "./reply-codes.ts";

/** As RabbitMQ 3.10 has it. */
const largestMessage = 128 * 1024 * 1024;
/** No more is set aside on a client's word alone. */
const setAside = 1024 * 1024;

export interface Content {
  /** The properties' list, then the body. */
  readonly octets: Buffer;
  readonly outline: Outline;
}

export class IncomingContent {
  readonly method: ArgumentsOf<"basic.publish">;
  #octets: Buffer | undefined;
  #outline: Outline | undefined;
  #length = 0;
  #expected = 0;

  constructor(method: ArgumentsOf<"basic.publish">) {
    this.method = method;
  }

  /** Takes a frame in. Returns the content once it is whole. */
  frame(type: number, buffer: Buffer, from: number, end: number): Content | undefined {
    if (!this.#outline) {
      if (type !== frameType.header) throw unexpected("content header for class 60", "header");
      this.#header(buffer, from, end);
    } else {
      if (type !== frameType.body) throw unexpected("content body", "body");
      this.#body(buffer, from, end);
    }
    if (this.#length < this.#expected || !this.#octets || !this.#outline) return undefined;
    return { octets: this.#octets, outline: this.#outline };
  }

  #header(buffer: Buffer, from: number, end: number): void {
    const reader = new OctetReader(buffer, from, end);
    const classId = reader.short();
    if (classId !== 60) {
      throw new ProtocolError(
        "UNEXPECTED_FRAME",
        `expected content header for class 60, got one for class ${classId} instead`,
      );
    }
    reader.skip(2);
    const size = reader.longLong();
    if (size > largestMessage) {
      throw new ProtocolError(
        "PRECONDITION_FAILED",
        `message size ${size} is larger than configured max size ${largestMessage}`,
      );
    }
    const outline = outlineOf(buffer, reader.offset, end);
    this.#outline = outline;
    this.#expected = outline.end + size;
    // A copy, because a slice would keep everything alive that came in the same chunk.
    this.#octets = Buffer.allocUnsafe(Math.min(this.#expected, outline.end + setAside));
    this.#append(buffer, reader.offset, end);
  }

  #body(buffer: Buffer, from: number, end: number): void {
    if (this.#length + end - from > this.#expected) {
      throw new ProtocolError("UNEXPECTED_FRAME", "content body is longer than its header said");
    }
    this.#append(buffer, from, end);
  }

  #append(buffer: Buffer, from: number, end: number): void {
    let octets = this.#octets ?? Buffer.alloc(0);
    const length = this.#length + end - from;
    if (length > octets.length) {
      const larger = Buffer.allocUnsafe(Math.min(this.#expected, Math.max(length, length * 2)));
      octets.copy(larger, 0, 0, this.#length);
      octets = larger;
      this.#octets = larger;
    }
    buffer.copy(octets, this.#length, from, end);
    this.#length = length;
  }
}

function unexpected(expected: string, kind: string): ProtocolError {
  return new ProtocolError(
    "UNEXPECTED_FRAME",
    `expected ${expected}, got non content ${kind} frame instead`,
  );
}
