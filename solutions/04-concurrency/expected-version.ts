/** What a writer may believe about a stream. */

import type { ExpectedVersion } from "../../shared/kernel/event-store.ts";

/** True when a stream at version `actual` is what the writer believes; 0 is a stream without events. */
export function isAsExpected(actual: number, expected: ExpectedVersion): boolean {
  // BEGIN SOLUTION: three words, each with its own meaning, or a number
  switch (expected) {
    case "any":
      return true;
    case "no-stream":
      return actual === 0;
    case "stream-exists":
      return actual > 0;
    default:
      return actual === expected;
  }
  // END SOLUTION
}
