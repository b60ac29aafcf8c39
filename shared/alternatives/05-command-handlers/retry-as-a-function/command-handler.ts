/**
 * The write path: load, fold, decide, append, return.
 *
 * It may run twice for one command, because a message came twice or an answer was lost, and beside
 * others that write to the same stream. Neither does any harm.
 */

import { setTimeout as delay } from "node:timers/promises";
import { ConcurrencyConflict } from "../../../../shared/kernel/errors.ts";
import type { NewEvent } from "../../../../shared/kernel/event.ts";
import type { EventStore } from "../../../../shared/kernel/event-store.ts";
import { decide } from "../../../../solutions/01-aggregate/reservation.ts";
import type { ReservationEvent } from "../../../../solutions/01-aggregate/reservation-types.ts";
import { backoffDelay } from "../../../../solutions/05-command-handlers/back-off.ts";
import type {
  CommandEnvelope,
  CommandResult,
  RetryOptions,
} from "../../../../solutions/05-command-handlers/command-types.ts";
import { eventId } from "../../../../solutions/05-command-handlers/event-id.ts";
import { type Loaded, load } from "../../../../solutions/05-command-handlers/repository.ts";

/** What was decided, made ready to be stored: with ids that a second delivery would make again. */
export function newEvents(
  { id, correlationId = id, causationId }: CommandEnvelope,
  decided: readonly ReservationEvent[],
): readonly NewEvent<ReservationEvent>[] {
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
  const { state, version, earlier } = await load(store, streamId, envelope.id);
  if (earlier.length > 0) return earlierAnswer(streamId, earlier);
  const events = newEvents(envelope, decide(envelope.command, state));
  if (events.length === 0) return { streamId, version, events, repeated: false };
  const appended = await store.append(streamId, events, version);
  if (!appended.repeated) return { ...appended, events };
  // Another delivery of this command was faster: what it stored counts, not what we decided.
  return earlierAnswer(streamId, (await load(store, streamId, envelope.id)).earlier);
}

/** Handles a command, as often as it takes, within limits. */
export async function handleCommand(
  store: EventStore,
  envelope: CommandEnvelope,
  { maxAttempts = 5, wait = delay, random = Math.random }: RetryOptions = {},
): Promise<CommandResult> {
  const isConflict = (error: unknown): boolean => error instanceof ConcurrencyConflict;
  const pause = (attempts: number): Promise<unknown> => wait(backoffDelay(attempts, random));
  return retrying({ maxAttempts, isWorthIt: isConflict, pause }, async (attempts) => ({
    ...(await attemptCommand(store, envelope)),
    attempts,
  }));
}

interface Retrying {
  readonly maxAttempts: number;
  readonly isWorthIt: (error: unknown) => boolean;
  /** Before the next attempt, after this one: 1, 2, ... */
  readonly pause: (attempts: number) => Promise<unknown>;
}

/** Knows nothing of commands: it may retry whatever can be done again. */
async function retrying<Result>(
  { maxAttempts, isWorthIt, pause }: Retrying,
  work: (attempts: number) => Promise<Result>,
  attempts = 1,
): Promise<Result> {
  try {
    return await work(attempts);
  } catch (error) {
    if (attempts >= maxAttempts || !isWorthIt(error)) throw error;
  }
  await pause(attempts);
  return retrying({ maxAttempts, isWorthIt, pause }, work, attempts + 1);
}

/** What the delivery that stored these events was answered, or would have been. */
function earlierAnswer(streamId: string, earlier: Loaded["earlier"]): Attempt {
  const { version = 0, position = 0n } = earlier.at(-1) ?? {};
  return { streamId, version, position, events: earlier, repeated: true };
}
