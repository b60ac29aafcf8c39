/** Looking on: told of each event on its way. Nothing depends on it. Given. */

import type { EventEnvelope } from "../../shared/kernel/event.ts";

export interface Watch {
  readonly onDecided?: (streamId: string) => void;
  readonly onPublished?: (event: EventEnvelope) => void;
  /** Before the projection sees it; what it waits for, the bus waits for. */
  readonly beforeProjected?: (event: EventEnvelope) => Promise<void>;
  readonly onProjected?: (event: EventEnvelope) => void;
  /** Before a booking hears of it; what it waits for, the bus waits for. */
  readonly beforeHeard?: (event: EventEnvelope) => Promise<void>;
  readonly onHeard?: (event: EventEnvelope) => void;
  /** Something broke, and is being tried again. */
  readonly onTrouble?: (place: Trouble, error: unknown) => void;
}

export type Trouble = "relay" | "projector" | "saga" | "dispatcher" | "database" | "snapshots";
