/** Places to go on from, as text that a client hands back and does not read. Given. */

import { refuse } from "../../shared/api/refusal.ts";
import { isCalendarDate } from "../01-aggregate/stay.ts";
import { type Checkpoint, startOfStore } from "../06-publishing/commit-order.ts";
import type { Cursor } from "../08-projections/reservations-view.ts";

/** A place in the order of commits: both halves, because the position alone loses events (06). */
export function toCursor({ transactionId, position }: Checkpoint): string {
  return encoded([String(transactionId), String(position)]);
}

/** @throws GraphQLError BAD_USER_INPUT when it is no cursor of ours */
export function toCheckpoint(cursor: string | null | undefined): Checkpoint {
  if (cursor === null || cursor === undefined) return startOfStore;
  const [transactionId, position] = decoded(cursor);
  if (!isNumber(transactionId) || !isNumber(position)) throw noCursor();
  return { transactionId: BigInt(transactionId), position: BigInt(position) };
}

/** Where a page of reservations ended. */
export function toPageCursor({ arrival, reservationId }: Cursor): string {
  return encoded([arrival, reservationId]);
}

/** @throws GraphQLError BAD_USER_INPUT when it is no cursor of ours */
export function fromPageCursor(cursor: string): Cursor {
  const [arrival, reservationId] = decoded(cursor);
  if (arrival === undefined || reservationId === undefined) throw noCursor();
  // What PostgreSQL would refuse, as a fault of ours: 30 February, the year 0, a NUL.
  if (!isCalendarDate(arrival) || arrival < "0001") throw noCursor();
  if (reservationId.includes("\0")) throw noCursor();
  return { arrival, reservationId };
}

function encoded(parts: readonly string[]): string {
  return Buffer.from(JSON.stringify(parts), "utf8").toString("base64url");
}

function decoded(cursor: string): readonly (string | undefined)[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    if (Array.isArray(parts) && parts.every((part) => typeof part === "string")) return parts;
  } catch {
    // Not JSON, so not a cursor.
  }
  throw noCursor();
}

function isNumber(text: string | undefined): text is string {
  return text !== undefined && /^\d{1,18}$/.test(text);
}

function noCursor(): Error {
  return refuse("BAD_USER_INPUT", "This is no cursor: hand back one from an answer, as it is.");
}
