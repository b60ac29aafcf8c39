/** What a mutation answers, and which errors are an answer: given to the resolvers. */

import {
  type ConcurrencyConflict,
  DomainError,
  DuplicateEvent,
  InvalidEvent,
  InvalidStreamId,
} from "../../shared/kernel/errors.ts";
import type { ReservationRow } from "../08-projections/reservations-view.ts";
import type { Outcome } from "./other-commands.ts";

/** The ids of one command on its way. */
export interface Ids {
  readonly commandId: string;
  readonly correlationId: string;
}

export interface CommandAccepted extends Ids {
  readonly __typename: "CommandAccepted";
  readonly streamId: string;
  readonly version: number;
  readonly position: bigint | null;
  readonly events: readonly string[];
  readonly repeated: boolean;
  readonly reservation?: ReservationRow | undefined;
  readonly readModelBehind?: { readonly wanted: number; readonly reached: number };
}

export interface CommandRefused {
  readonly __typename: "CommandRefused";
  readonly code: string;
  readonly message: string;
  readonly field: string | null;
}

export interface Conflict {
  readonly __typename: "Conflict";
  readonly streamId: string;
  readonly expected: number;
  readonly actual: number;
  readonly message: string;
}

export type CommandAnswer = CommandAccepted | CommandRefused | Conflict;

export function accepted(ids: Ids, outcome: Outcome): CommandAccepted {
  const { streamId, version, position = null, events, repeated } = outcome;
  const types = events.map(({ type }) => type);
  return {
    __typename: "CommandAccepted",
    ...ids,
    streamId,
    version,
    position,
    events: types,
    repeated,
  };
}

export function conflict({ streamId, expected, actual, message }: ConcurrencyConflict): Conflict {
  return { __typename: "Conflict", streamId, expected: Number(expected), actual, message };
}

/** The refusal that the client can do something about; undefined for every other error: a fault of ours. */
export function refusalOf(error: unknown): CommandRefused | undefined {
  if (error instanceof DomainError) return refused(error.code, error.message);
  if (error instanceof InvalidEvent) return refused("invalid-event", error.message, error.path);
  if (error instanceof InvalidStreamId) return refused("invalid-id", error.message, "streamId");
  if (error instanceof DuplicateEvent) {
    const message = "This command id was used for another command: make a new one for each.";
    return refused("command-id-used", message, "options.commandId");
  }
  return undefined;
}

export function refused(
  code: string,
  message: string,
  field: string | null = null,
): CommandRefused {
  return { __typename: "CommandRefused", code, message, field };
}
