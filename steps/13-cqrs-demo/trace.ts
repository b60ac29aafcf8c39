/** When each event passed each place on its way. */

import type { EventEnvelope } from "../../shared/kernel/event.ts";
import type { Watch } from "./watch.ts";

export type Place = "published" | "projected" | "heard";

export interface Trace {
  /** To be given to the composition: it writes the trace. */
  readonly watch: Watch;
  /** When the last decision reached the event store. */
  lastDecision(): number;
  /** When this version of the stream passed the place; waits for it. */
  passing(place: Place, streamId: string, version: number): Promise<number>;
  /** How often it passed; more than once where a message was delivered again. */
  count(place: Place, streamId: string, version: number): number;
  /** Holds the first such event up before a booking hears of it: a bus with a traffic jam. */
  holdUp(isIt: (event: EventEnvelope) => boolean): HeldUp;
  /** What broke last, in words; the parts try again by themselves. */
  lastTrouble(): string | undefined;
}

export interface HeldUp {
  /** Resolves when the event is there, and waits. */
  readonly isThere: Promise<void>;
  letGo(): void;
}

/** Times are those of `performance.now()`. */
export function createTrace(): Trace {
  const passed = new Map<string, number[]>();
  const waiting = new Map<string, (at: number) => void>();
  let decided = 0;
  let trouble: string | undefined;
  let jam: ((event: EventEnvelope) => Promise<void>) | undefined;

  const pass = (place: Place, { streamId, version }: EventEnvelope): void => {
    const key = keyOf(place, streamId, version);
    const at = performance.now();
    passed.set(key, [...(passed.get(key) ?? []), at]);
    waiting.get(key)?.(at);
  };
  return {
    watch: {
      onDecided: () => {
        decided = performance.now();
      },
      onPublished: (event) => pass("published", event),
      onProjected: (event) => pass("projected", event),
      beforeHeard: async (event) => jam?.(event),
      onHeard: (event) => pass("heard", event),
      onTrouble: (part, error) => {
        trouble = `${part}: ${error instanceof Error ? error.message : String(error)}`;
      },
    },
    lastDecision: () => decided,
    passing: (place, streamId, version) => {
      const key = keyOf(place, streamId, version);
      const at = passed.get(key)?.[0];
      if (at !== undefined) return Promise.resolve(at);
      return new Promise((resolve) => {
        waiting.set(key, resolve);
      });
    },
    count: (place, streamId, version) => passed.get(keyOf(place, streamId, version))?.length ?? 0,
    holdUp: (isIt) => {
      const open = new AbortController();
      const isThere = new Promise<void>((resolve) => {
        jam = async (event) => {
          if (open.signal.aborted || !isIt(event)) return;
          resolve();
          await new Promise((pass) => open.signal.addEventListener("abort", pass, { once: true }));
        };
      });
      return { isThere, letGo: () => open.abort() };
    },
    lastTrouble: () => trouble,
  };
}

function keyOf(place: Place, streamId: string, version: number): string {
  return `${place} ${streamId} ${version}`;
}
