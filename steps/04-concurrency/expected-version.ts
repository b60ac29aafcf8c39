/** What a writer may believe about a stream. */

import type { ExpectedVersion } from "../../shared/kernel/event-store.ts";
import { NotImplemented } from "../../shared/kernel/not-implemented.ts";

/** True when a stream at version `actual` is what the writer believes; 0 is a stream without events. */
export function isAsExpected(actual: number, expected: ExpectedVersion): boolean {
  // TODO: three words, each with its own meaning, or a number
  throw new NotImplemented("isAsExpected");
}
