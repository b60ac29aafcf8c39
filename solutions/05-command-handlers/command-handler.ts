/**
 * The write path: load, fold, decide, append, return.
 *
 * It may run twice for one command, because a message came twice or an answer was lost, and beside
 * others that write to the same stream. Neither does any harm.
 */

import { setTimeout as delay } from "node:timers/promises";
import { ConcurrencyConflict } from "../../shared/kernel/errors.ts";
import type { NewEvent } from "../../shared/kernel/event.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import { decide } from "../01-aggregate/reservation.ts";
import type { ReservationEvent } from "../01-aggregate/reservation-types.ts";
import { backoffDelay } from "./back-off.ts";
import type { CommandEnvelope, CommandResult, RetryOptions } from "./command-types.ts";
import { eventId } from "./event-id.ts";
import { type Loaded, load } from "./repository.ts";

/** What was decided, made ready to be stored: with ids that a second delivery would make again. */
export function newEvents(
  { id, correlationId = id, causationId }: CommandEnvelope,
  decided: readonly ReservationEvent[],
): readonly NewEvent<ReservationEvent>[] {
  // BEGIN SOLUTION: give each event its id (event-id.ts), schemaVersion 1 and metadata: commandId and
  // causationId are this command's id, correlationId is handed on, and what caused the command
  // is kept as commandCausationId where it is known.
  const metadata = {
    commandId: id,
    correlationId,
    causationId: id,
    ...(causationId === undefined ? {} : { commandCausationId: causationId }),
  };
  return decided.map((event, index) => ({
    ...event,
    id: eventId(id, index),
    schemaVersion: 1,
    metadata,
  }));
  // END SOLUTION
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
  // BEGIN SOLUTION: load and fold; decide; append at the version that was read; return. If the stream
  // holds this command's events already, do not decide: return earlierAnswer. What decided
  // nothing appends nothing. If the append was repeated, load again: what is stored is the answer.
  const { state, version, earlier } = await load(store, streamId, envelope.id);
  if (earlier.length > 0) return earlierAnswer(streamId, earlier);
  const events = newEvents(envelope, decide(envelope.command, state));
  if (events.length === 0) return { streamId, version, events, repeated: false };
  const appended = await store.append(streamId, events, version);
  if (!appended.repeated) return { ...appended, events };
  // Another delivery of this command was faster: what it stored counts, not what we decided.
  return earlierAnswer(streamId, (await load(store, streamId, envelope.id)).earlier);
  // END SOLUTION
}

/** Handles a command, as often as it takes, within limits. */
export async function handleCommand(
  store: EventStore,
  envelope: CommandEnvelope,
  { maxAttempts = 5, wait = delay, random = Math.random }: RetryOptions = {},
): Promise<CommandResult> {
  // BEGIN SOLUTION: attempt the command; on a ConcurrencyConflict, and only on that, wait as backoffDelay
  // says and attempt it anew; after maxAttempts the conflict goes to the caller.
  for (let attempts = 1; ; attempts++) {
    try {
      return { ...(await attemptCommand(store, envelope)), attempts };
    } catch (error) {
      if (!(error instanceof ConcurrencyConflict) || attempts >= maxAttempts) throw error;
      await wait(backoffDelay(attempts, random));
    }
  }
  // END SOLUTION
}

/** What the delivery that stored these events was answered, or would have been. */
function earlierAnswer(streamId: string, earlier: Loaded["earlier"]): Attempt {
  const { version = 0, position = 0n } = earlier.at(-1) ?? {};
  return { streamId, version, position, events: earlier, repeated: true };
}
