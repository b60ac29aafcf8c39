/** What an event changed, field by field: the answer to "who moved this stay, and when?" */

import { isDeepStrictEqual } from "node:util";
import type { Reservation } from "../01-aggregate/reservation-types.ts";

export interface FieldChange {
  readonly field: string;
  /** undefined where the field was not there before, or is not there any more. */
  readonly before: unknown;
  readonly after: unknown;
}

export interface Change {
  readonly version: number;
  readonly type: string;
  readonly recordedAt: string;
  readonly changed: readonly FieldChange[];
}

/** The fields in which two states differ, in the order in which the later state holds them. */
export function differences(before: Reservation, after: Reservation): readonly FieldChange[] {
  const was = new Map<string, unknown>(Object.entries(before));
  const is = new Map<string, unknown>(Object.entries(after));
  const fields = new Set([...is.keys(), ...was.keys()]);
  return [...fields]
    .map((field) => ({ field, before: was.get(field), after: is.get(field) }))
    .filter((change) => !isDeepStrictEqual(change.before, change.after));
}
