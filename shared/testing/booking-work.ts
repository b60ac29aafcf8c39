/** A saga's process without its waiting: dispatcher and inbox in turns, until nothing is left to do. */

import type pg from "pg";
import { postgresEventStore } from "../../solutions/04-concurrency/event-store.ts";
import { isHeldBack } from "../../solutions/06-publishing/horizon.ts";
import type { Dispatcher } from "../../solutions/12-saga/dispatcher.ts";
import type { EventEnvelope } from "../kernel/event.ts";
import type { EventStore } from "../kernel/event-store.ts";
import { dispatcherName } from "./booking-database.ts";

export interface WorkingParts {
  readonly dispatchAll: (dispatcher: Dispatcher) => Promise<number>;
  readonly handleEvent: (store: EventStore, event: EventEnvelope) => Promise<void>;
}

/** More rounds than any booking needs, however it turns. */
const mostRounds = 60;

/** The inbox reads the whole store each time: what comes twice has no second effect. */
export async function workOff(pool: pg.Pool, parts: WorkingParts): Promise<void> {
  const store = postgresEventStore(pool);
  for (let round = 0; round < mostRounds; ) {
    // Somebody else's transaction on this server may hide what there is to do, for a moment.
    const mayHide = await isHeldBack(pool);
    const dispatched = await parts.dispatchAll({ pool, store, name: dispatcherName });
    const before = await lastPosition(store);
    for await (const event of store.readAll()) await parts.handleEvent(store, event);
    if (dispatched > 0 || (await lastPosition(store)) > before) round += 1;
    else if (!mayHide) return;
  }
  throw new Error(`Bookings came to no end in ${mostRounds} rounds.`);
}

async function lastPosition(store: EventStore): Promise<bigint> {
  let last = 0n;
  for await (const { position } of store.readAll()) last = position;
  return last;
}
