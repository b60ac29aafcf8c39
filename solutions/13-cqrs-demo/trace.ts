/** When each event passed each place on its way. */

import type { EventEnvelope } from "../../shared/kernel/event.ts";
import type { Watch } from "./composition.ts";

export type Place = "published" | "projected";

export interface Trace {
  /** To be given to the composition: it writes the trace. */
  readonly watch: Watch;
  /** When the last decision reached the event store. */
  lastDecision(): number;
  /** When this version of the stream passed the place; waits for it. */
  passing(place: Place, streamId: string, version: number): Promise<number>;
  /** How often it passed; more than once where a message was delivered again. */
  count(place: Place, streamId: string, version: number): number;
  /** What broke last, in words; the parts try again by themselves. */
  lastTrouble(): string | undefined;
}

/** Times are those of `performance.now()`. */
export function createTrace(): Trace {
  const passed = new Map<string, number[]>();
  const waiting = new Map<string, (at: number) => void>();
  let decided = 0;
  let trouble: string | undefined;

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
    lastTrouble: () => trouble,
  };
}

function keyOf(place: Place, streamId: string, version: number): string {
  return `${place} ${streamId} ${version}`;
}
