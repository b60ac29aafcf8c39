/**
 * What subscriptions wait for and read with. A thousand of them share one listening connection for each
 * bell, a few connections to read with, and each read that several want at the same moment. Given.
 */

import type { Pool } from "pg";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import { postgresEventStore } from "../04-concurrency/event-store.ts";
import {
  type Checkpoint,
  type CommittedEvent,
  readAllCommitted,
} from "../06-publishing/commit-order.ts";
import { isHeldBack } from "../06-publishing/horizon.ts";
import { eventsChannel } from "../06-publishing/notifying.ts";
import { type Bell, createBell, createWakeUp, type WakeUp } from "../06-publishing/wake-up.ts";
import { projectedChannel } from "../08-projections/projected-signal.ts";

/** How many events one read fetches: what a slow reader holds in memory at the most. */
const pageSize = 100;

export interface Live {
  /** A bell that rings when an event was stored, and when `signal` ends; forgotten then. */
  storedBell(signal: AbortSignal): Bell;
  /** The same for the read model. */
  projectedBell(signal: AbortSignal): Bell;
  /** The next committed events after this place, a page of them; none at the end, for now. */
  readAfter(place: Checkpoint): Promise<readonly CommittedEvent[]>;
  /** The store, and the read model, on connections of their own: no subscription takes those of commands. */
  readonly store: EventStore;
  readonly pool: Pool;
  stop(): Promise<void>;
}

/** @param pool two of its connections listen, the others read; ended by `stop` */
export function openLive(pool: Pool): Live {
  const stopping = new AbortController();
  const stored = openBells(createWakeUp(pool, eventsChannel, 1_000), stopping.signal, () =>
    isHeldBack(pool).catch(() => false),
  );
  const projected = openBells(createWakeUp(pool, projectedChannel, 1_000), stopping.signal);
  const reads = new Map<string, Promise<readonly CommittedEvent[]>>();
  return {
    storedBell: (signal) => stored.lend(signal),
    projectedBell: (signal) => projected.lend(signal),
    readAfter(place) {
      // Only a read that began after the last ring may be shared: an older one may have missed what rang.
      const key = `${stored.rings()} ${place.transactionId} ${place.position}`;
      const underWay = reads.get(key);
      if (underWay) return underWay;
      const read = readAllCommitted(pool, { after: place, limit: pageSize });
      const shared = read.finally(() => reads.delete(key));
      reads.set(key, shared);
      return shared;
    },
    store: postgresEventStore(pool),
    pool,
    async stop() {
      stopping.abort();
      await Promise.all([stored.stop(), projected.stop()]);
      await pool.end();
    },
  };
}

interface Bells {
  lend(signal: AbortSignal): Bell;
  /** How often they have rung. */
  rings(): number;
  stop(): Promise<void>;
}

/** One that listens, and rings for all. `isBehind`: nobody will ring for what is there already, look again soon. */
function openBells(
  wakeUp: WakeUp,
  stopping: AbortSignal,
  isBehind: () => Promise<boolean> = async () => false,
): Bells {
  const all = new Set<Bell>();
  let rings = 0;
  const ringAll = async (): Promise<void> => {
    let looks = 0;
    while (!stopping.aborted) {
      await wakeUp.wait(looks > 0 ? Math.min(2 ** looks, 100) : undefined);
      // Asked before they ring: what becomes visible after this answer is looked for again.
      looks = all.size > 0 && (await isBehind()) ? looks + 1 : 0;
      rings += 1;
      for (const bell of all) bell.ring();
    }
  };
  const ended = ringAll();
  return {
    lend(signal) {
      const bell = createBell();
      const end = (): void => {
        all.delete(bell);
        bell.ring();
      };
      if (signal.aborted) bell.ring();
      else {
        all.add(bell);
        signal.addEventListener("abort", end, { once: true });
      }
      return bell;
    },
    rings: () => rings,
    async stop() {
      wakeUp.wake();
      await ended;
      await wakeUp.stop();
    },
  };
}
