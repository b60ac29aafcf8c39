/**
 * The write path: load, fold, decide, append, return.
 *
 * It may run twice for one command, because a message came twice or an answer was lost, and beside
 * others that write to the same stream. Neither does any harm.
 */

import { setTimeout as delay } from "node:timers/promises";
import type { NewEvent } from "../../shared/kernel/event.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import type { ReservationEvent } from "../01-aggregate/reservation-types.ts";
import type { CommandEnvelope, CommandResult, RetryOptions } from "./command-types.ts";
import type { Loaded } from "./repository.ts";

/** What was decided, made ready to be stored: with ids that a second delivery would make again. */
export function newEvents(
  { id, correlationId = id, causationId }: CommandEnvelope,
  decided: readonly ReservationEvent[],
): readonly NewEvent<ReservationEvent>[] {
  // TODO: give each event its id (event-id.ts), schemaVersion 1 and metadata: commandId and
  // causationId are this command's id, correlationId is handed on, and what caused the command
  // is kept as commandCausationId where it is known.
  throw new NotImplemented("newEvents");
}

type Attempt = Omit<CommandResult, "attempts">;

/**
 * One attempt: load, fold, decide, append, return.
 *
 * @throws ConcurrencyConflict when somebody else appended since the load; nothing was written
 * @throws DomainError when the reservation says no
 */
export async function attemptCommand(
  store: EventStore,
  envelope: CommandEnvelope,
): Promise<Attempt> {
  const streamId = envelope.command.data.reservationId;
  // TODO: load and fold; decide; append at the version that was read; return. If the stream
  // holds this command's events already, do not decide: return earlierAnswer. What decided
  // nothing appends nothing. If the append was repeated, load again: what is stored is the answer.
  throw new NotImplemented("attemptCommand");
}

/** Handles a command, as often as it takes, within limits. */
export async function handleCommand(
  store: EventStore,
  envelope: CommandEnvelope,
  { maxAttempts = 5, wait = delay, random = Math.random }: RetryOptions = {},
): Promise<CommandResult> {
  // TODO: attempt the command; on a ConcurrencyConflict, and only on that, wait as backoffDelay
  // says and attempt it anew; after maxAttempts the conflict goes to the caller.
  throw new NotImplemented("handleCommand");
}

/** What the delivery that stored these events was answered, or would have been. */
function earlierAnswer(streamId: string, earlier: Loaded["earlier"]): Attempt {
  const { version = 0, position = 0n } = earlier.at(-1) ?? {};
  return { streamId, version, position, events: earlier, repeated: true };
}
