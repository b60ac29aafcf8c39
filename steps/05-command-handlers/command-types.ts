/** What goes into the command handler and what comes out. */

import type { NewEvent } from "../../shared/kernel/event.ts";
import type { ReservationCommand, ReservationEvent } from "../01-aggregate/reservation-types.ts";

/** A command on its way: what shall happen, and the ids that let it arrive twice without harm. */
export interface CommandEnvelope {
  /** A UUID, made once by whoever wants this; the same on every delivery of this command. */
  readonly id: string;
  readonly command: ReservationCommand;
  /** The same for everything that follows from one request; this command's id when left out. */
  readonly correlationId?: string;
  /** The id of the event or command that led to this command, if one did. */
  readonly causationId?: string;
}

export interface CommandResult {
  readonly streamId: string;
  /** The stream's version after this command. A reader can wait for it. */
  readonly version: number;
  /** The position of the last event; left out when the command decided none. */
  readonly position?: bigint;
  readonly events: readonly NewEvent<ReservationEvent>[];
  /** How often the command was decided until it could be stored. */
  readonly attempts: number;
  /** True when an earlier delivery was stored already, and this one wrote nothing. */
  readonly repeated: boolean;
}

export interface RetryOptions {
  /** How often a command is tried before the conflict goes to the caller; 5 when left out. */
  readonly maxAttempts?: number;
  readonly wait?: (milliseconds: number) => Promise<unknown>;
  /** From 0 to just below 1, as Math.random. */
  readonly random?: () => number;
}
