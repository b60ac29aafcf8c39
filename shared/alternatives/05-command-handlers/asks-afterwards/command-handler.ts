/**
 * The write path: load, fold, decide, append, return.
 *
 * It may run twice for one command, because a message came twice or an answer was lost, and beside
 * others that write to the same stream. Neither does any harm.
 */

import { setTimeout as delay } from "node:timers/promises";
import { ConcurrencyConflict, DomainError } from "../../../../shared/kernel/errors.ts";
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
import { load } from "../../../../solutions/05-command-handlers/repository.ts";

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
  const { state, version } = await load(store, streamId);
  try {
    const events = newEvents(envelope, decide(envelope.command, state));
    if (events.length > 0) {
      const appended = await store.append(streamId, events, version);
      if (!appended.repeated) return { ...appended, events };
    }
    return (
      (await earlierAnswer(store, envelope)) ?? { streamId, version, events: [], repeated: false }
    );
  } catch (error) {
    // A command that was done before may be refused now, by the state that it has led to.
    const isRefusal = error instanceof DomainError || error instanceof ConcurrencyConflict;
    const earlier = isRefusal ? await earlierAnswer(store, envelope) : undefined;
    if (earlier) return earlier;
    throw error;
  }
}

/** Handles a command, as often as it takes, within limits. */
export async function handleCommand(
  store: EventStore,
  envelope: CommandEnvelope,
  { maxAttempts = 5, wait = delay, random = Math.random }: RetryOptions = {},
): Promise<CommandResult> {
  for (let attempts = 1; ; attempts++) {
    try {
      return { ...(await attemptCommand(store, envelope)), attempts };
    } catch (error) {
      if (!(error instanceof ConcurrencyConflict) || attempts >= maxAttempts) throw error;
      await wait(backoffDelay(attempts, random));
    }
  }
}

/** What the delivery that stored this command's events was answered; undefined where there was none. */
async function earlierAnswer(
  store: EventStore,
  { id, command }: CommandEnvelope,
): Promise<Attempt | undefined> {
  const streamId = command.data.reservationId;
  const { earlier } = await load(store, streamId, id);
  const last = earlier.at(-1);
  if (!last) return undefined;
  const { version, position } = last;
  return { streamId, version, position, events: earlier, repeated: true };
}
