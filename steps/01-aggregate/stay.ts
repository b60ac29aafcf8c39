/** A stay in nights. A calendar date is a square on the wall calendar: it has no hours and no time zone. */

import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import type { Stay } from "./reservation-types.ts";

/** True for `2030-05-01`; false for `2030-5-1`, `2030-02-30` and `2030-05-01T12:00`. */
export function isCalendarDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const midnight = new Date(`${text}T00:00:00.000Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(text);
}

/** The nights from arrival to departure: 2 for 2030-05-01 to 2030-05-03, -2 the other way round; on every computer in the world. */
export function countNights(stay: Stay): number {
  // TODO: count the nights from stay.arrival to stay.departure, the same in every time zone
  throw new NotImplemented("countNights");
}
