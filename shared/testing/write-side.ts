/** What the tests of step 13's write side stand on: stores that it has written to, and one that the first release has. */

import type { ReservationEvent } from "../../solutions/01-aggregate/reservation-types.ts";
import { stamping, type WriteSide } from "../../solutions/13-cqrs-demo/write-side.ts";
import type { EventEnvelope } from "../kernel/event.ts";
import type { EventStore } from "../kernel/event-store.ts";
import { collect } from "./collect.ts";
import { inMemoryEventStore } from "./in-memory-event-store.ts";
import { newEvent } from "./new-events.ts";
import { reservationId } from "./reservations.ts";
import { type History, storeOf } from "./snapshots.ts";
import { writeFirstRelease } from "./system.ts";

/** For tests without snapshots: there is no table to look into. */
const noSnapshots = { query: () => Promise.resolve({ rows: [] }) };

/** The write side on this store; what is offered as a snapshot is written down. */
export function sideOf(store: EventStore, db: object = noSnapshots) {
  const offered: number[] = [];
  const snapshots = { offer: ({ version }: { version: number }) => void offered.push(version) };
  const side = { store: stamping(store), db, snapshots } as WriteSide;
  return { side, offered };
}

/** A store that holds what the first release has written. */
export async function oldStore(): Promise<EventStore> {
  const store = inMemoryEventStore();
  await writeFirstRelease(store);
  return store;
}

/** A store with a reservation as today's code writes it. */
export async function todays(...events: readonly ReservationEvent[]) {
  const { store } = await storeOf([]);
  const batch = events.map((event) => newEvent(event));
  await stamping(store).append(reservationId, batch, 0);
  const history = await historyIn(store);
  store.eventsRead();
  return { store, history };
}

export async function historyIn(store: EventStore): Promise<History> {
  return (await collect(store.readStream(reservationId))) as EventEnvelope<ReservationEvent>[];
}

/** `ReservationCreated 3`, for each event of the stream: what schemaVersion it has. */
export async function versionsIn(
  store: EventStore,
  streamId = reservationId,
): Promise<readonly string[]> {
  const events: EventEnvelope[] = await collect(store.readStream(streamId));
  return events.map(({ type, schemaVersion }) => `${type} ${schemaVersion}`);
}
