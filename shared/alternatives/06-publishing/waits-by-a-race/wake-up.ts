/** Waiting for work as a race between a bell and a time, of which one signal ends the loser. */

import { setTimeout as delay } from "node:timers/promises";
import type { Pool, PoolClient } from "pg";

/** Remembers one ring that nobody has heard yet. */
export interface Bell {
  ring(): void;
  /** Takes the ring that nobody has heard yet; false when there was none. */
  take(): boolean;
  /** Calls `listener` at each ring. What is returned stops that. */
  onRing(listener: () => void): () => void;
}

/** Resolves when the bell rings, at once when it rang before; after `atMost` milliseconds anyway. */
export async function waitForWork(bell: Bell, atMost: number): Promise<void> {
  if (bell.take()) return;
  const over = new AbortController();
  const rings = new Promise<void>((resolve) => {
    const forget = bell.onRing(resolve);
    over.signal.addEventListener("abort", forget, { once: true });
  });
  const time = delay(atMost, undefined, { signal: over.signal }).catch(() => undefined);
  await Promise.race([rings, time]);
  over.abort();
  bell.take();
}

export function createBell(): Bell {
  const listeners = new Set<() => void>();
  let rung = false;
  return {
    ring() {
      rung = true;
      for (const listener of [...listeners]) listener();
    },
    take() {
      const was = rung;
      rung = false;
      return was;
    },
    onRing(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export interface WakeUp {
  /** Resolves when there may be work: notified, woken, or `atMost` (or the interval) has passed. */
  wait(atMost?: number): Promise<void>;
  /** Ends the wait that is going on, or the next one. */
  wake(): void;
  /** Gives the listening connection back and ends a wait. */
  stop(): Promise<void>;
}

/**
 * Listens on `channel` with a connection of its own from the pool, and reconnects when it is lost.
 * `pollEvery` (milliseconds) is what a lost notification costs at the most.
 */
export function createWakeUp(pool: Pool, channel: string, pollEvery: number): WakeUp {
  const bell = createBell();
  const stopped = new AbortController();
  const listening = listen(pool, channel, bell, stopped.signal, pollEvery);
  return {
    wait: (atMost = pollEvery) => waitForWork(bell, Math.min(atMost, pollEvery)),
    wake: () => bell.ring(),
    async stop() {
      stopped.abort();
      bell.ring();
      await listening;
    },
  };
}

/** Holds a listening connection until `signal` aborts; a lost one is replaced, no faster than polling. */
async function listen(
  pool: Pool,
  channel: string,
  bell: Bell,
  signal: AbortSignal,
  pollEvery: number,
): Promise<void> {
  while (!signal.aborted) {
    let client: PoolClient | undefined;
    try {
      client = await pool.connect();
      const ended = connectionEnd(client, signal);
      client.on("notification", () => bell.ring());
      await client.query(`listen ${client.escapeIdentifier(channel)}`);
      bell.ring(); // What was notified before this moment was not heard.
      await ended;
    } catch {
      // No connection, or lost while LISTEN was sent: polling goes on, and so does the next attempt.
    } finally {
      // Closed, not handed back: the next user of the connection must not inherit the LISTEN.
      client?.release(true);
    }
    await delay(Math.min(pollEvery, 1_000), undefined, { signal }).catch(() => undefined);
  }
}

function connectionEnd(client: PoolClient, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    client.on("error", () => resolve());
    client.on("end", () => resolve());
    signal.addEventListener("abort", () => resolve(), { once: true });
    if (signal.aborted) resolve();
  });
}
