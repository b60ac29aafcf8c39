/**
 * The dispatcher for as long as a process lives: commands and timeouts, woken by appends, with polling
 * behind. Given. Of several processes one works, and the others wait for its end.
 */

import { setTimeout as delay } from "node:timers/promises";
import { isHeldBack } from "../06-publishing/horizon.ts";
import { withLeadership } from "../06-publishing/leadership.ts";
import { eventsChannel } from "../06-publishing/notifying.ts";
import { createWakeUp, type WakeUp } from "../06-publishing/wake-up.ts";
import { type Dispatcher, dispatchAll } from "./dispatcher.ts";
import { fireDue } from "./timeouts.ts";

export interface DispatcherOptions extends Dispatcher {
  /** The time by which timeouts are due: ISO 8601 in UTC. */
  readonly now: () => string;
  /** Milliseconds that a lost notification costs, and that a timeout may be late, at the most. */
  readonly pollEvery?: number;
  /** Told each failure; the dispatcher goes on by itself. */
  readonly onError?: (error: unknown) => void;
}

export interface RunningDispatcher {
  /** Makes it look for work now. */
  wake(): void;
  /** Ends after the event in hand. Two of the pool's connections are free then. */
  stop(): Promise<void>;
}

export function startDispatcher(options: DispatcherOptions): RunningDispatcher {
  const stopping = new AbortController();
  const wakeUp = createWakeUp(options.pool, eventsChannel, options.pollEvery ?? 1_000);
  const running = keepDispatching(options, wakeUp, stopping.signal);
  return {
    wake: () => wakeUp.wake(),
    async stop() {
      stopping.abort();
      wakeUp.wake();
      await running;
      await wakeUp.stop();
    },
  };
}

/** Leads and works; and again, a little later, when something broke. */
async function keepDispatching(
  options: DispatcherOptions,
  wakeUp: WakeUp,
  stopping: AbortSignal,
): Promise<void> {
  const { pool, name, onError } = options;
  let failures = 0;
  while (!stopping.aborted) {
    try {
      await withLeadership(pool, name, stopping, async (_, lost) => {
        let looks = 0;
        while (!stopping.aborted) {
          lost.throwIfAborted();
          const isBehind = await isHeldBack(pool);
          await dispatchAll(options);
          await fireDue(pool, options.store, options.now());
          failures = 0;
          // Nobody notifies when the transaction that holds events back ends: look again soon.
          looks = isBehind ? looks + 1 : 0;
          await wakeUp.wait(isBehind ? Math.min(2 ** looks, 100) : undefined);
        }
      });
    } catch (error) {
      onError?.(error);
      failures += 1;
      const pause = Math.min(100 * 2 ** failures, 2_000) * (0.5 + Math.random() / 2);
      await delay(pause, undefined, { signal: stopping }).catch(() => undefined);
    }
  }
}
