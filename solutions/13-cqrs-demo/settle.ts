/** The last line: what was stored against what arrived, and the read model against the events. */

import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { waitForVersion } from "../08-projections/read-your-writes.ts";
import { findReservation } from "../08-projections/reservations-view.ts";
import { load } from "../11-versioning/replay-stored.ts";
import { agree, Disagreement } from "./comparison.ts";
import type { ReservationSystem } from "./composition.ts";
import { summary } from "./screen.ts";
import { within } from "./time-limit.ts";
import type { Trace } from "./trace.ts";

const limit = 10_000;

/**
 * Counts each event in the two places where it was to arrive: at the bookings and in the read model.
 * @throws Disagreement, TimeLimitExceeded
 */
export async function settle(
  { store, readModel }: ReservationSystem,
  trace: Trace,
  reservationIds: readonly string[],
): Promise<void> {
  for (const id of reservationIds) {
    const { state, version } = await load(store, id);
    await waitForVersion(readModel, id, version, { timeout: limit });
    if (!agree(state, await findReservation(readModel, id))) throw new Disagreement(id);
  }
  const stored: EventEnvelope[] = [];
  for await (const event of store.readAll()) stored.push(event);
  const deliveries: number[] = [];
  for (const event of stored) {
    const { streamId, version } = event;
    for (const place of ["heard", "projected"] as const) {
      await within(
        limit,
        `${streamId} v${version} was not ${place}`,
        trace.passing(place, streamId, version),
      );
      deliveries.push(trace.count(place, streamId, version));
    }
  }
  summary({
    events: stored.length,
    lost: deliveries.filter((count) => count === 0).length,
    repeated: deliveries.filter((count) => count > 1).length,
    seconds: performance.now() / 1000,
  });
}
