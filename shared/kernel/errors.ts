/** The errors that a caller can act on. Each carries what happened as fields; the message adds what to do. */

import type { ExpectedVersion } from "./event-store.ts";

/** The domain says no. `code` is stable; callers and tests look at it, never at the message. */
export class DomainError extends Error {
  override readonly name = "DomainError";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Someone else appended first, or the stream is not what the writer believed. Nothing was written. */
export class ConcurrencyConflict extends Error {
  override readonly name = "ConcurrencyConflict";
  readonly streamId: string;
  readonly expected: ExpectedVersion;
  /** The stream's version now; 0 when there is no such stream. */
  readonly actual: number;

  constructor(streamId: string, expected: ExpectedVersion, actual: number) {
    super(
      `Stream ${streamId} is at version ${actual}, expected was ${expected}: nothing was written. ` +
        "Load the stream again and decide anew.",
    );
    this.streamId = streamId;
    this.expected = expected;
    this.actual = actual;
  }
}

/** An event that cannot be stored as it is. `path` leads to the value, as in `data.stay.arrival`. */
export class InvalidEvent extends Error {
  override readonly name = "InvalidEvent";
  readonly path: string;

  constructor(path: string, reason: string) {
    super(`${path} ${reason}. Nothing was written.`);
    this.path = path;
  }
}

/** An event id that is stored already, beside other events or in another stream, or that a batch has twice. */
export class DuplicateEvent extends Error {
  override readonly name = "DuplicateEvent";
  readonly eventId: string;

  constructor(eventId: string) {
    super(
      `Event ${eventId} is stored already, or is twice in the batch: give each event an id of its own.`,
    );
    this.eventId = eventId;
  }
}

export class InvalidStreamId extends Error {
  override readonly name = "InvalidStreamId";
  readonly streamId: unknown;

  constructor(streamId: unknown, reason: string) {
    super(`Stream id ${shown(streamId)} ${reason}.`);
    this.streamId = streamId;
  }
}

export class InvalidVersion extends Error {
  override readonly name = "InvalidVersion";
  readonly version: unknown;

  constructor(version: unknown) {
    super(`Version ${shown(version)} is not a whole number from 0 to ${Number.MAX_SAFE_INTEGER}.`);
    this.version = version;
  }
}

/** An event of a type that the reader has no code for. Retrying does not help; newer code may. */
export class UnknownEventType extends Error {
  override readonly name = "UnknownEventType";
  readonly type: string;

  constructor(type: string) {
    super(
      `No code here handles events of type ${shown(type)}. Deploy the code that knows it first.`,
    );
    this.type = type;
  }
}

/** A history that cannot be replayed: an event is missing, comes twice, or belongs to another stream. */
export class InvalidHistory extends Error {
  override readonly name = "InvalidHistory";
  readonly reason: "gap" | "duplicate" | "foreign-event" | "ends-early";
  /** The stream whose history this is; undefined for a history without events. */
  readonly streamId: string | undefined;
  readonly expectedVersion: number;
  /** The version that came instead; the last one there was, where the history ends early. */
  readonly actualVersion: number;

  constructor(
    reason: InvalidHistory["reason"],
    streamId: string | undefined,
    expectedVersion: number,
    actualVersion: number,
  ) {
    super(
      `The history of ${streamId ?? "no stream"} has ${histories[reason]}: expected was version ${expectedVersion}, ` +
        `found was ${actualVersion}. No state can be trusted that is built on it: read the stream again.`,
    );
    this.reason = reason;
    this.streamId = streamId;
    this.expectedVersion = expectedVersion;
    this.actualVersion = actualVersion;
  }
}

const histories: Readonly<Record<InvalidHistory["reason"], string>> = {
  gap: "a gap",
  duplicate: "an event twice or out of order",
  "foreign-event": "an event of another stream",
  "ends-early": "fewer events than asked for",
};

function shown(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}... (${text.length} characters)` : text;
}
