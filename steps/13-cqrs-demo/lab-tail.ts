/** Tells each event that is stored, in the order of commits, as the relay sees them. Given. */

import { setTimeout as delay } from "node:timers/promises";
import type { Pool } from "pg";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { type Checkpoint, readAllCommitted, startOfStore } from "../06-publishing/commit-order.ts";
import { eventsChannel } from "../06-publishing/notifying.ts";
import { createWakeUp } from "../06-publishing/wake-up.ts";

export interface Tail {
  stop(): Promise<void>;
}

/** From the beginning on: what is stored already is told first. */
export function tailStore(pool: Pool, onStored: (event: EventEnvelope) => void): Tail {
  const stopping = new AbortController();
  const wakeUp = createWakeUp(pool, eventsChannel, 1_000);
  const read = async (after: Checkpoint): Promise<Checkpoint> => {
    const events = await readAllCommitted(pool, { after, limit: 500 });
    for (const { event } of events) onStored(event);
    return events.at(-1)?.checkpoint ?? after;
  };
  const run = async (): Promise<void> => {
    let from = startOfStore;
    while (!stopping.signal.aborted) {
      try {
        const reached = await read(from);
        const isNew = reached !== from;
        from = reached;
        if (!isNew) await wakeUp.wait();
      } catch {
        // No tables yet, or no database for a moment: both come.
        await delay(100, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  };
  const ended = run();
  return {
    async stop() {
      stopping.abort();
      wakeUp.wake();
      await ended;
      await wakeUp.stop();
    },
  };
}
