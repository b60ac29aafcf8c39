/**
 * What the event store refuses before it writes. JSON drops or changes some values without a word;
 * an event is a fact, so what is read back has to be what was appended.
 */

import { InvalidEvent, InvalidStreamId, InvalidVersion } from "../../shared/kernel/errors.ts";
import type { NewEvent } from "../../shared/kernel/event.ts";

/** How many objects may lie around a value. */
export const deepestNesting = 200;

const largestEvent = 1024 * 1024;
const longestStreamId = 255;
const loneSurrogate = /\p{Surrogate}/u;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** @throws InvalidEvent with the path to the first value that would not come back as it is */
export function assertStorable(event: NewEvent): void {
  if (typeof event.id !== "string" || !uuid.test(event.id)) {
    throw new InvalidEvent("id", "is not a UUID in lower case");
  }
  if (typeof event.type !== "string" || event.type === "") {
    throw new InvalidEvent("type", "is not a name");
  }
  const { schemaVersion } = event;
  if (!Number.isInteger(schemaVersion) || schemaVersion < 1 || schemaVersion > 32_767) {
    throw new InvalidEvent("schemaVersion", "is not a whole number from 1 to 32767");
  }
  assertSurvivesJson(event.type, "type");
  assertIsObject(event.data, "data");
  assertSurvivesJson(event.data, "data");
  assertIsObject(event.metadata, "metadata");
  assertSurvivesJson(event.metadata, "metadata");
  const bytes = Buffer.byteLength(JSON.stringify([event.type, event.data, event.metadata]));
  if (bytes > largestEvent) {
    throw new InvalidEvent("data", `takes ${bytes} bytes, more than ${largestEvent}`);
  }
}

function assertIsObject(value: unknown, path: string): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidEvent(path, "is not an object");
  }
}

/** @throws InvalidEvent where `value`, or a value inside it, would be changed by a trip through jsonb */
export function assertSurvivesJson(
  value: unknown,
  path: string,
  around: readonly unknown[] = [],
): void {
  // BEGIN SOLUTION: by type: text and numbers have their own checks (below); an object has to be
  // plain, then each value inside it is looked at, as `${path}.key` or `${path}[0]`.
  // `around` holds the objects that this value is inside of.
  switch (typeof value) {
    case "boolean":
      return;
    case "string":
      assertText(value, path);
      return;
    case "number":
      assertNumber(value, path);
      return;
    case "object":
      break;
    default:
      throw new InvalidEvent(path, `is of type ${typeof value}, which JSON leaves out`);
  }
  if (value === null) return;
  if (around.includes(value)) throw new InvalidEvent(path, "contains itself");
  if (around.length === deepestNesting) {
    throw new InvalidEvent(path, `lies more than ${deepestNesting} levels deep`);
  }
  const within = [...around, value];
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      assertSurvivesJson(value[index], `${path}[${index}]`, within);
    }
    return;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new InvalidEvent(path, "is an instance of a class, which comes back as a plain object");
  }
  for (const [key, entry] of Object.entries(value)) {
    assertText(key, `${path}.${key}`);
    assertSurvivesJson(entry, `${path}.${key}`, within);
  }
  // END SOLUTION
}

/** @throws InvalidEvent for text that PostgreSQL refuses */
export function assertText(text: string, path: string): void {
  if (text.includes("\0")) throw new InvalidEvent(path, "contains the character NUL");
  if (loneSurrogate.test(text)) throw new InvalidEvent(path, "contains half of a surrogate pair");
}

/** @throws InvalidEvent for a number that would come back as another one */
export function assertNumber(value: number, path: string): void {
  if (!Number.isFinite(value)) throw new InvalidEvent(path, `is ${value}`);
  if (Object.is(value, -0)) throw new InvalidEvent(path, "is -0, which comes back as 0");
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new InvalidEvent(path, `is ${value}, beyond the whole numbers that are exact`);
  }
}

/** @throws InvalidStreamId */
export function assertStreamId(streamId: string): void {
  if (typeof streamId !== "string" || streamId === "") {
    throw new InvalidStreamId(streamId, "is empty or not a string");
  }
  const bytes = Buffer.byteLength(streamId);
  if (bytes > longestStreamId) {
    throw new InvalidStreamId(streamId, `takes ${bytes} bytes, more than ${longestStreamId}`);
  }
  if (streamId.includes("\0") || loneSurrogate.test(streamId)) {
    throw new InvalidStreamId(streamId, "contains a character that cannot be stored");
  }
}

/** @throws InvalidVersion */
export function assertVersion(version: number): void {
  if (!Number.isSafeInteger(version) || version < 0) throw new InvalidVersion(version);
}

/** @throws RangeError */
export function assertPageSize(pageSize: number): void {
  if (Number.isSafeInteger(pageSize) && pageSize > 0) return;
  throw new RangeError(`A page of ${pageSize} events cannot be read: take a whole number from 1.`);
}
