/** A saga's process without its waiting: dispatcher and inbox in turns, until nothing is left to do. */

import { setTimeout as delay } from "node:timers/promises";
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

/** A new process: its inbox begins at the first event. What a booking has heard already is no news to it. */
export async function workOff(pool: pg.Pool, parts: WorkingParts): Promise<void> {
  const store = postgresEventStore(pool);
  let heard = 0n;
  for (let round = 0; round < mostRounds; ) {
    // Somebody else's transaction on this server may hide what there is to do, for a moment.
    const mayHide = await isHeldBack(pool);
    let done = await parts.dispatchAll({ pool, store, name: dispatcherName });
    for await (const event of store.readAll({ after: heard })) {
      await parts.handleEvent(store, event);
      heard = event.position;
      done += 1;
    }
    if (done > 0) round += 1;
    else if (mayHide) await delay(5);
    else return;
  }
  throw new Error(`Bookings came to no end in ${mostRounds} rounds.`);
}
