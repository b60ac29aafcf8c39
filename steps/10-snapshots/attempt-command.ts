/** The write path of step 05 with snapshots: load, fold the tail, decide, append, return. */

import type { EventStore } from "../../shared/kernel/event-store.ts";
import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import type { CommandEnvelope } from "../05-command-handlers/command-types.ts";
import type { Snapshots } from "./taking.ts";

export interface Attempted {
  /** The stream's version after this command. */
  readonly version: number;
  /** True when an earlier delivery had stored the same events, and this one wrote nothing. */
  readonly repeated: boolean;
}

/**
 * One attempt; the retry is step 05's. A command that comes twice is never stored twice, because of its
 * event ids. But who reads only the tail has not seen what an earlier delivery stored before it, and so
 * a repeat may be refused where step 05 repeats its answer (see the README's debrief).
 *
 * @throws ConcurrencyConflict when somebody else appended since the load; nothing was written
 * @throws DomainError when the reservation says no
 */
export async function attemptCommand(
  store: EventStore,
  snapshots: Snapshots,
  envelope: CommandEnvelope,
): Promise<Attempted> {
  const streamId = envelope.command.data.reservationId;
  // TODO: load through `snapshots`; decide; newEvents; append at the version that was loaded, if there
  // is anything to append. Offer a snapshot of what is stored for certain, when nobody waits for it any more.
  throw new NotImplemented("attemptCommand");
}
