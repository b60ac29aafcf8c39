/** The heart of the step: one statement that moves a stream's version and appends, or does neither. */

import type { NewEvent } from "../../shared/kernel/event.ts";
import type { AppendResult, ExpectedVersion } from "../../shared/kernel/event-store.ts";
import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import type { Queryable } from "../03-event-store/rows.ts";

/**
 * Appends if the stream is at the expected version, in one round trip. Returns undefined, with
 * nothing written, when it is not, or when one of the events is stored already.
 */
export async function compareAndAppend(
  db: Queryable,
  streamId: string,
  events: readonly NewEvent[],
  expected: ExpectedVersion,
): Promise<AppendResult | undefined> {
  // TODO: one statement. Its first half moves the row of `streams` (or creates it) under
  // the condition that `expected` states; its second half inserts the events of batchAsJson(events)
  // for the row that moved: no row, no events.
  throw new NotImplemented("compareAndAppend");
}
