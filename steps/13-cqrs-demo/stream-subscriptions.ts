/** Subscriptions to one stream and to one row: as eventsAfter of resolvers.ts, from another source. Given. */

import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { waitForWork } from "../06-publishing/wake-up.ts";
import { projectedVersion } from "../08-projections/read-your-writes.ts";
import type { ReservationRow } from "../08-projections/reservations-view.ts";
import { rowWithVersion } from "./comparison.ts";
import type { Live } from "./live.ts";

const patience = 60_000;
const pageSize = 100;

/** The events of a stream after a version, and then those that come. */
export async function* streamEvents(
  { store, storedBell }: Pick<Live, "store" | "storedBell">,
  streamId: string,
  afterVersion: number,
  signal: AbortSignal,
): AsyncGenerator<EventEnvelope> {
  const bell = storedBell(signal);
  let version = afterVersion;
  while (!signal.aborted) {
    for await (const event of store.readStream(streamId, { fromVersion: version + 1, pageSize })) {
      yield event;
      version = event.version;
      if (signal.aborted) return;
    }
    await waitForWork(bell, patience);
  }
}

export interface ReservationChange {
  readonly version: number;
  readonly reservation: ReservationRow | undefined;
}

/** The row as it is, and then each time that a look finds a later version of it. */
export async function* reservationChanges(
  { pool, projectedBell }: Pick<Live, "pool" | "projectedBell">,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<ReservationChange> {
  const bell = projectedBell(signal);
  let shown: number | undefined;
  while (!signal.aborted) {
    if ((await projectedVersion(pool, id)) !== shown) {
      const { version, row } = await rowWithVersion(pool, id);
      if (version !== shown) yield { version, reservation: row };
      shown = version;
    } else {
      await waitForWork(bell, patience);
    }
  }
}
