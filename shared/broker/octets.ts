/**
 * Octets in and out, in network byte order (specification 4.2.5).
 *
 * Strings are sequences of octets here, one per character (latin1): the broker compares names and keys and
 * hands them on, and what a client meant by its octets is lost nowhere.
 */

import { ProtocolError } from "./reply-codes.ts";

/** Reads from a part of a buffer; past its end there is a SYNTAX_ERROR. */
export class OctetReader {
  readonly buffer: Buffer;
  readonly end: number;
  offset: number;

  constructor(buffer: Buffer, offset = 0, end = buffer.length) {
    this.buffer = buffer;
    this.offset = offset;
    this.end = end;
  }

  /** Moves over so many octets and returns where they begin. */
  skip(length: number): number {
    const from = this.offset;
    if (from + length > this.end) throw new ProtocolError("SYNTAX_ERROR", "truncated arguments");
    this.offset = from + length;
    return from;
  }

  octet(): number {
    return this.buffer.readUInt8(this.skip(1));
  }

  short(): number {
    return this.buffer.readUInt16BE(this.skip(2));
  }

  long(): number {
    return this.buffer.readUInt32BE(this.skip(4));
  }

  /** Exact up to 2^53, which no delivery tag reaches. */
  longLong(): number {
    const from = this.skip(8);
    return this.buffer.readUInt32BE(from) * 0x1_0000_0000 + this.buffer.readUInt32BE(from + 4);
  }

  shortString(): string {
    return this.characters(this.octet());
  }

  longString(): string {
    return this.characters(this.long());
  }

  characters(length: number): string {
    const from = this.skip(length);
    return this.buffer.toString("latin1", from, from + length);
  }
}

const smallest = 1024;
const largest = 256 * 1024;

/** Collects octets; what it has handed over is never written to again. */
export class OctetWriter {
  buffer = Buffer.allocUnsafe(smallest);
  /** Where what was not handed over begins and ends. */
  from = 0;
  offset = 0;

  /** How many octets were collected and not handed over. */
  get length(): number {
    return this.offset - this.from;
  }

  /** Hands over what was collected. */
  take(): Buffer {
    const taken = this.buffer.subarray(this.from, this.offset);
    this.from = this.offset;
    return taken;
  }

  /** Makes room for so many octets. */
  reserve(count: number): void {
    if (this.offset + count <= this.buffer.length) return;
    const kept = this.length;
    const size = Math.max(Math.min(this.buffer.length * 2, largest), (kept + count) * 2);
    const larger = Buffer.allocUnsafeSlow(size);
    this.buffer.copy(larger, 0, this.from, this.offset);
    this.buffer = larger;
    this.from = 0;
    this.offset = kept;
  }

  octet(value: number): void {
    this.reserve(1);
    this.offset = this.buffer.writeUInt8(value, this.offset);
  }

  short(value: number): void {
    this.reserve(2);
    this.offset = this.buffer.writeUInt16BE(value, this.offset);
  }

  long(value: number): void {
    this.reserve(4);
    this.offset = this.buffer.writeUInt32BE(value, this.offset);
  }

  longLong(value: number): void {
    this.reserve(8);
    this.buffer.writeUInt32BE(Math.floor(value / 0x1_0000_0000), this.offset);
    this.offset = this.buffer.writeUInt32BE(value % 0x1_0000_0000, this.offset + 4);
  }

  shortString(value: string): void {
    this.octet(value.length);
    this.characters(value);
  }

  longString(value: string): void {
    this.long(value.length);
    this.characters(value);
  }

  characters(value: string): void {
    this.reserve(value.length);
    this.offset += this.buffer.write(value, this.offset, "latin1");
  }

  bytes(source: Buffer, from = 0, end = source.length): void {
    this.reserve(end - from);
    this.offset += source.copy(this.buffer, this.offset, from, end);
  }

  /** Writes what `write` writes, with its length before it. */
  withLength(write: () => void): void {
    this.long(0);
    // The buffer may be replaced meanwhile, so the place is kept relative to what was collected.
    const start = this.length;
    write();
    this.buffer.writeUInt32BE(this.length - start, this.from + start - 4);
  }
}

/** Octets as Erlang writes them, and so RabbitMQ's error texts: `<<1,2,3>>`. */
export function octetsText(octets: Buffer): string {
  return `<<${[...octets].join(",")}>>`;
}
