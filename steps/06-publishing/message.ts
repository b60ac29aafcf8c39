/**
 * An event as bytes on the bus, and back. Given.
 *
 * What arrives was written by someone else, perhaps by an older or a newer program: each field is
 * checked, and what is wrong is named. Fields that are not known here are left out.
 */

import type { EventEnvelope, EventMetadata } from "../../shared/kernel/event.ts";

/** A message that is no event. Trying again does not help. */
export class MalformedMessage extends Error {
  override readonly name = "MalformedMessage";
  /** Where the fault is, as in `event.version`; `message` for the message as a whole. */
  readonly path: string;

  constructor(path: string, reason: string) {
    super(`${path} ${reason}: this message is no event and was not handled.`);
    this.path = path;
  }
}

/** The event as JSON in UTF-8. The position is a string there: JSON's readers cut numbers at 2^53. */
export function encodeEvent(event: EventEnvelope): Buffer {
  const { id, streamId, version, position, type, schemaVersion, data, metadata, recordedAt } =
    event;
  return Buffer.from(
    JSON.stringify({
      id,
      streamId,
      version,
      position: position.toString(),
      type,
      schemaVersion,
      data,
      metadata,
      recordedAt,
    }),
  );
}

/** @throws MalformedMessage */
export function decodeEvent(content: Uint8Array): EventEnvelope {
  const event = objectAt("event", parse(content));
  return {
    id: matching(event, "id", uuid, "is not a UUID"),
    streamId: streamIdOf(event),
    version: wholeNumber(event, "version", Number.MAX_SAFE_INTEGER),
    position: positionOf(event),
    type: matching(event, "type", /./su, "is empty"),
    schemaVersion: wholeNumber(event, "schemaVersion", 32_767),
    data: objectAt("event.data", event.data),
    metadata: objectAt("event.metadata", event.metadata) as EventMetadata,
    recordedAt: recordedAtOf(event),
  };
}

type Fields = Readonly<Record<string, unknown>>;

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const utf8 = new TextDecoder("utf-8", { fatal: true });
const largestPosition = 2n ** 63n - 1n;

function parse(content: Uint8Array): unknown {
  let text: string;
  try {
    text = utf8.decode(content);
  } catch {
    throw new MalformedMessage("message", "is not UTF-8");
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new MalformedMessage("message", "is not JSON");
  }
}

function objectAt(path: string, value: unknown): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw new MalformedMessage(path, `is ${kindOf(value)}, not an object`);
}

function textAt(event: Fields, field: string): string {
  const value = event[field];
  if (typeof value === "string") return value;
  throw new MalformedMessage(`event.${field}`, `is ${kindOf(value)}, not a string`);
}

function matching(event: Fields, field: string, pattern: RegExp, fault: string): string {
  const text = textAt(event, field);
  if (pattern.test(text)) return text;
  throw new MalformedMessage(`event.${field}`, fault);
}

function wholeNumber(event: Fields, field: string, most: number): number {
  const value = event[field];
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= most) {
    return value;
  }
  const shown = typeof value === "number" ? String(value) : kindOf(value);
  throw new MalformedMessage(`event.${field}`, `is ${shown}, not a whole number from 1 to ${most}`);
}

function streamIdOf(event: Fields): string {
  const streamId = matching(event, "streamId", /./su, "is empty");
  if (Buffer.byteLength(streamId) <= 255) return streamId;
  throw new MalformedMessage("event.streamId", "has more than 255 bytes");
}

function positionOf(event: Fields): bigint {
  const fault = "is not a whole number above 0 written as a string";
  const position = BigInt(matching(event, "position", /^[1-9]\d{0,18}$/, fault));
  if (position <= largestPosition) return position;
  throw new MalformedMessage("event.position", "is larger than any position");
}

function recordedAtOf(event: Fields): string {
  const time = textAt(event, "recordedAt");
  const milliseconds = Date.parse(time);
  if (!Number.isNaN(milliseconds) && new Date(milliseconds).toISOString() === time) return time;
  throw new MalformedMessage("event.recordedAt", "is no time like 2030-05-01T12:00:00.000Z");
}

function kindOf(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a ${typeof value}`;
}
