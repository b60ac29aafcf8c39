/** How long to wait before a command is tried again. */

import { NotImplemented } from "../../shared/kernel/not-implemented.ts";

/** The longest that the first wait can be, in milliseconds; each later one may be twice as long. */
export const firstDelay = 10;
/** No wait is longer than this. */
export const longestDelay = 1_000;

/**
 * The wait after the given attempt (1, 2, ...), in milliseconds: anything from nothing to the
 * limit, by chance ("full jitter"), so that writers who collided once do not collide again.
 *
 * @param random from 0 to just below 1, as Math.random
 */
export function backoffDelay(attempt: number, random: () => number): number {
  // TODO: a random part of firstDelay, doubled with each attempt, never over longestDelay
  throw new NotImplemented("backoffDelay");
}
