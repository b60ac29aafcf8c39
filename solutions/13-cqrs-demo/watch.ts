/** Looking on: told of each event on its way. Nothing depends on it. Given. */

import type { EventEnvelope, NewEvent } from "../../shared/kernel/event.ts";

export interface Watch {
  /** The API has answered a command; how long that took, in milliseconds. */
  readonly onAnswered?: (answered: Answered) => void;
  readonly onDecided?: (streamId: string) => void;
  /** Newly stored, not repeated; how long the append took. */
  readonly onStored?: (streamId: string, events: readonly NewEvent[], milliseconds: number) => void;
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

export interface Answered {
  readonly commandId: string;
  readonly correlationId: string;
  /** Of the command, as `ConfirmReservation`. */
  readonly name: string;
  readonly milliseconds: number;
}

/** Both are told. */
export function both(one: Watch, other: Watch): Watch {
  return {
    onAnswered: (answered) => {
      one.onAnswered?.(answered);
      other.onAnswered?.(answered);
    },
    onDecided: (streamId) => {
      one.onDecided?.(streamId);
      other.onDecided?.(streamId);
    },
    onStored: (streamId, events, milliseconds) => {
      one.onStored?.(streamId, events, milliseconds);
      other.onStored?.(streamId, events, milliseconds);
    },
    onPublished: (event) => {
      one.onPublished?.(event);
      other.onPublished?.(event);
    },
    beforeProjected: async (event) => {
      await one.beforeProjected?.(event);
      await other.beforeProjected?.(event);
    },
    onProjected: (event) => {
      one.onProjected?.(event);
      other.onProjected?.(event);
    },
    beforeHeard: async (event) => {
      await one.beforeHeard?.(event);
      await other.beforeHeard?.(event);
    },
    onHeard: (event) => {
      one.onHeard?.(event);
      other.onHeard?.(event);
    },
    onTrouble: (place, error) => {
      one.onTrouble?.(place, error);
      other.onTrouble?.(place, error);
    },
  };
}

export type Trouble = "relay" | "projector" | "saga" | "dispatcher" | "database" | "snapshots";
