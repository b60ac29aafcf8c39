/** One reservation as the first release has written it, so that there is something old to look at. Given. */

import { postgresEventStore } from "../04-concurrency/event-store.ts";
import { rowsOf } from "../11-versioning/first-release.ts";
import type { ReservationSystem } from "./composition.ts";

/** Booked and confirmed in one row, moved, cancelled without a reason, in euros with decimals. */
export const oldReservation = "reservation-1";

/** Past `system.store`, which would say that it was written today. */
export async function writeOldReservation(system: ReservationSystem): Promise<void> {
  const store = postgresEventStore(system.readModel);
  for (const { id, version, type, schemaVersion, data, metadata } of rowsOf(oldReservation)) {
    await store.append(oldReservation, [{ id, type, schemaVersion, data, metadata }], version - 1);
  }
  await system.wakeBookings();
}
