/**
 * Interference with the projector and the looks at it, all of it from outside: through the `watch` that the
 * composition takes. Given.
 */

import { UnknownEventType } from "../../shared/kernel/errors.ts";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import type { Watch } from "./watch.ts";

/** How many events' deliveries are remembered. */
const remembered = 5_000;

export interface ProjectorLab {
  readonly watch: Watch;
  isPaused(): boolean;
  /** Messages wait, each partition with one in hand, until `resume`. */
  pause(): void;
  resume(): void;
  /** From now on the projector does not know this type of event in this stream, as after a bad deployment. */
  poison(streamId: string, type: string): void;
  /** The streams with an event that it does not know. */
  poisoned(): readonly string[];
  mend(): void;
  /** How often the projector was done with this event. */
  deliveries(eventId: string): number;
  /** The last event that it was done with once more than needed; undefined where there was none. */
  lastRepeated(): EventEnvelope | undefined;
}

export function createProjectorLab(onProjected: (event: EventEnvelope) => void): ProjectorLab {
  const deliveries = new Map<string, number>();
  const poisoned = new Map<string, string>();
  let open = Promise.resolve();
  let resume: (() => void) | undefined;
  let repeated: EventEnvelope | undefined;
  return {
    watch: {
      beforeProjected: async ({ streamId, type }) => {
        await open;
        if (poisoned.get(streamId) === type) throw new UnknownEventType(type);
      },
      onProjected: (event) => {
        const before = deliveries.get(event.id) ?? 0;
        deliveries.set(event.id, before + 1);
        if (before > 0) repeated = event;
        const [oldest] = deliveries.keys();
        if (deliveries.size > remembered && oldest !== undefined) deliveries.delete(oldest);
        onProjected(event);
      },
    },
    isPaused: () => resume !== undefined,
    pause() {
      if (resume) return;
      open = new Promise((resolve) => {
        resume = resolve;
      });
    },
    resume() {
      resume?.();
      resume = undefined;
    },
    poison: (streamId, type) => void poisoned.set(streamId, type),
    poisoned: () => [...poisoned.keys()],
    mend: () => poisoned.clear(),
    deliveries: (eventId) => deliveries.get(eventId) ?? 0,
    lastRepeated: () => repeated,
  };
}
