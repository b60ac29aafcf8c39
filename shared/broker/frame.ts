/** Frames (specification 2.3.5): type, channel, size, payload, end. */

import { bodyLength, type Message } from "./message.ts";
import { type ArgumentsOf, type MethodName, writeMethod } from "./methods.ts";
import { type OctetWriter, octetsText } from "./octets.ts";
import { ProtocolError } from "./reply-codes.ts";

export const frameType = { method: 1, header: 2, body: 3, heartbeat: 8 } as const;
const frameEnd = 0xce;
/** What a frame has around its payload. */
const frameOverhead = 8;
/** What any peer must accept, and all that is accepted before connection.tune. */
export const smallestFrameMax = 4096;
export const protocolHeader = Buffer.from("AMQP\0\0\x09\x01", "latin1");

/** Who takes the frames that come in. */
export interface FrameSink {
  /** How large a frame may be; 0 means no limit. */
  readonly frameMax: number;
  /** False to leave the rest for later. */
  readonly isReading: boolean;
  /** Gets the payload's place in the buffer, which is valid during the call only. */
  frame(type: number, channel: number, buffer: Buffer, from: number, end: number): void;
}

/** Hands over the whole frames in the buffer. Returns where the rest begins. Throws FRAME_ERROR for what is none. */
export function readFrames(buffer: Buffer, begin: number, sink: FrameSink): number {
  let offset = begin;
  while (buffer.length - offset >= frameOverhead - 1 && sink.isReading) {
    const type = buffer.readUInt8(offset);
    const channel = buffer.readUInt16BE(offset + 1);
    const size = buffer.readUInt32BE(offset + 3);
    const { frameMax } = sink;
    // RabbitMQ, too, lets the overhead pass as part of the payload: some clients count wrongly.
    if (frameMax !== 0 && size > frameMax) {
      const fault = `{frame_too_large,${size},${frameMax - frameOverhead}}`;
      throw frameError(type, Buffer.alloc(0), fault);
    }
    const from = offset + frameOverhead - 1;
    const end = from + size;
    if (end >= buffer.length) break;
    if (buffer[end] !== frameEnd) {
      const fault = `{invalid_frame_end_marker,${buffer[end]}}`;
      throw frameError(type, buffer.subarray(from, end), fault);
    }
    sink.frame(type, channel, buffer, from, end);
    offset = end + 1;
  }
  return offset;
}

export function frameError(type: number, payload: Buffer, fault: string): ProtocolError {
  return new ProtocolError("FRAME_ERROR", `${snippet(type, payload)}: ${fault}`);
}

/** A frame as RabbitMQ's error texts show it. */
export function snippet(type: number, payload: Buffer): string {
  const which = payload.length > 16 ? "first 16 octets" : "all octets";
  return `type ${type}, ${which} = ${octetsText(payload.subarray(0, 16))}`;
}

export function writeMethodFrame<Name extends MethodName>(
  writer: OctetWriter,
  channel: number,
  name: Name,
  values: Partial<ArgumentsOf<Name>>,
): void {
  writer.octet(frameType.method);
  writer.short(channel);
  writer.long(0);
  const start = writer.length;
  writeMethod(writer, name, values);
  writer.buffer.writeUInt32BE(writer.length - start, writer.from + start - 4);
  writer.octet(frameEnd);
}

/** The header and the body, in as many frames as `frameMax` asks for (0 means one). */
export function writeContentFrames(
  writer: OctetWriter,
  channel: number,
  message: Message,
  frameMax: number,
): void {
  const { content, outline } = message;
  const length = bodyLength(message);
  writer.reserve(3 * frameOverhead + 12 + content.length);
  beginFrame(writer, frameType.header, channel, 12 + outline.end);
  writer.long(60 << 16);
  writer.longLong(length);
  writer.bytes(content, 0, outline.end);
  writer.octet(frameEnd);
  const most = frameMax === 0 ? length : frameMax - frameOverhead;
  for (let from = outline.end; from < content.length; from += most) {
    const end = Math.min(from + most, content.length);
    beginFrame(writer, frameType.body, channel, end - from);
    writer.bytes(content, from, end);
    writer.octet(frameEnd);
  }
}

export function writeHeartbeat(writer: OctetWriter): void {
  beginFrame(writer, frameType.heartbeat, 0, 0);
  writer.octet(frameEnd);
}

function beginFrame(writer: OctetWriter, type: number, channel: number, size: number): void {
  writer.octet(type);
  writer.short(channel);
  writer.long(size);
}
