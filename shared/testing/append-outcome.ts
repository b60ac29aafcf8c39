/** What became of an append, in words, so that a comparison that fails reads like a report. */

import pg from "pg";
import {
  ConcurrencyConflict,
  DuplicateEvent,
  InvalidEvent,
  InvalidStreamId,
  InvalidVersion,
} from "../kernel/errors.ts";
import type { AppendResult } from "../kernel/event-store.ts";

interface AppendOutcome {
  readonly answer: string;
  /** All that is stored, as in `reservation-1 v1 ReservationCreated`. */
  readonly events: readonly string[];
  /** The rows of `streams`, as in `reservation-1 at version 1`. */
  readonly streams: readonly string[];
}

const uniqueViolation = "23505";

/** The answer, and what there is in the database afterwards. */
export async function outcomeOf(
  db: Pick<pg.Pool, "query">,
  append: Promise<AppendResult | undefined>,
): Promise<AppendOutcome> {
  const answer = await answerTo(append);
  const events = await db.query<{ event: string }>(
    `select format('%s v%s %s', stream_id, version, type) as event
       from events order by stream_id, version`,
  );
  const streams = await db.query<{ stream: string }>(
    "select format('%s at version %s', stream_id, version) as stream from streams order by stream_id",
  );
  return {
    answer,
    events: events.rows.map((row) => row.event),
    streams: streams.rows.map((row) => row.stream),
  };
}

/** What the caller of an append hears; an error that is none of its answers is thrown on. */
export async function answerTo(append: Promise<AppendResult | undefined>): Promise<string> {
  try {
    const result = await append;
    if (result === undefined) return "nothing was written";
    if (result === null) return "null, where undefined says that nothing was written";
    return `${result.repeated ? "stored before" : "written"}, up to version ${result.version}`;
  } catch (error) {
    return refusalInWords(error);
  }
}

/** An error that a caller of the event store is meant to hear; any other is thrown on. */
export function refusalInWords(error: unknown): string {
  if (error instanceof ConcurrencyConflict) {
    return `ConcurrencyConflict: ${error.streamId} is at ${error.actual}, expected was ${error.expected}`;
  }
  if (error instanceof DuplicateEvent) return `DuplicateEvent: ${error.eventId}`;
  if (error instanceof InvalidEvent) return `InvalidEvent: ${error.path}`;
  if (error instanceof InvalidStreamId) return `InvalidStreamId: ${nameInWords(error.streamId)}`;
  if (error instanceof InvalidVersion) return `InvalidVersion: ${error.version}`;
  if (error instanceof pg.DatabaseError && error.code === uniqueViolation) {
    return `unique violation: ${error.constraint}`;
  }
  throw error;
}

/** A stream's name, quoted; a long one as its beginning and its length. */
export function nameInWords(name: unknown): string {
  if (typeof name !== "string" || name.length <= 20) return JSON.stringify(name);
  return `${JSON.stringify(name.slice(0, 3))} and so on, ${name.length} characters`;
}
