/**
 * A projection as a value, so that two versions of it can stand side by side: one builds what is
 * live, the other what shall be. Given.
 */

import type { EventEnvelope } from "../../shared/kernel/event.ts";
import type { Queryable } from "../03-event-store/rows.ts";
import { applyToView } from "../08-projections/apply-to-view.ts";
import { schemaFiles } from "../08-projections/schema.ts";

export interface Projection {
  /** Counted up with each change of what follows: rows of two versions must never mix. */
  readonly version: number;
  /**
   * SQL files that create its tables, in order. They name no schema: the same text makes the tables
   * that are live, and those that are built beside them.
   */
  readonly tables: readonly URL[];
  /** Applies the next events, in order, on the connection of a transaction. */
  readonly apply: (db: Queryable, events: readonly EventEnvelope[]) => Promise<void>;
  /** What else is done when an event comes in, as a mail to the guest: once in its life, and live. */
  readonly sideEffect?: (event: EventEnvelope) => Promise<void>;
}

/** Step 08's: what has been live so far. */
export const firstProjection: Projection = {
  version: 1,
  tables: schemaFiles.slice(-1),
  apply: oneByOne(applyToView),
};

/** A projection of single events, for batches of them. */
export function oneByOne(
  apply: (db: Queryable, event: EventEnvelope) => Promise<void>,
): Projection["apply"] {
  return async (db, events) => {
    for (const event of events) await apply(db, event);
  };
}
