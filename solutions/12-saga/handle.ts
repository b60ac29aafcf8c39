/**
 * Step 05's write path for any decider. Given: load, fold, decide, append, return; again on a
 * conflict; and an id that was handled before has no second effect.
 */

import { setTimeout as delay } from "node:timers/promises";
import { ConcurrencyConflict, UnknownEventType } from "../../shared/kernel/errors.ts";
import type { DomainEvent, EventEnvelope, NewEvent } from "../../shared/kernel/event.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import { backoffDelay } from "../05-command-handlers/back-off.ts";
import type { RetryOptions } from "../05-command-handlers/command-types.ts";
import { eventId } from "../05-command-handlers/event-id.ts";

export interface Decider<State, Command, Event extends DomainEvent> {
  readonly initialState: State;
  readonly decide: (command: Command, state: State) => readonly Event[];
  readonly evolve: (state: State, event: Event) => State;
  readonly streamOf: (command: Command) => string;
  readonly eventTypes: Readonly<Record<Event["type"], true>>;
}

/** As step 05's CommandEnvelope, for a command, or an input, of any kind. */
export interface Envelope<Command> {
  readonly id: string;
  readonly command: Command;
  readonly correlationId?: string;
  readonly causationId?: string;
}

export interface Handled<Event extends DomainEvent = DomainEvent> {
  /** What was decided now, or by an earlier delivery; empty where there is nothing to do. */
  readonly events: readonly NewEvent<Event>[];
  readonly repeated: boolean;
}

/**
 * Handles a command, as often as it takes, within limits.
 * @throws ConcurrencyConflict after the last attempt; whatever the decider throws
 */
export async function handle<State, Command, Event extends DomainEvent>(
  store: EventStore,
  decider: Decider<State, Command, Event>,
  envelope: Envelope<Command>,
  { maxAttempts = 5, wait = delay, random = Math.random }: RetryOptions = {},
): Promise<Handled<Event>> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt(store, decider, envelope);
    } catch (error) {
      if (!(error instanceof ConcurrencyConflict) || attempts >= maxAttempts) throw error;
      await wait(backoffDelay(attempts, random));
    }
  }
}

async function attempt<State, Command, Event extends DomainEvent>(
  store: EventStore,
  decider: Decider<State, Command, Event>,
  { id, command, correlationId = id, causationId }: Envelope<Command>,
): Promise<Handled<Event>> {
  const streamId = decider.streamOf(command);
  const { state, version, earlier } = await load(store, decider, streamId, id);
  if (earlier.length > 0) return { events: earlier, repeated: true };
  const decided = decider.decide(command, state);
  if (decided.length === 0) return { events: [], repeated: false };
  const cause = causationId === undefined ? {} : { commandCausationId: causationId };
  const metadata = { commandId: id, correlationId, causationId: id, ...cause };
  const events = decided.map((event, index) => ({
    ...event,
    id: eventId(id, index),
    schemaVersion: 1,
    metadata,
  }));
  const { repeated } = await store.append(streamId, events, version);
  if (!repeated) return { events, repeated };
  // Another delivery was faster: what it stored counts, not what we decided.
  const stored = await load(store, decider, streamId, id);
  return { events: stored.earlier, repeated };
}

interface Loaded<State, Event extends DomainEvent> {
  readonly state: State;
  readonly version: number;
  /** What an earlier delivery of the command has stored. */
  readonly earlier: readonly EventEnvelope<Event>[];
}

/** Folds a stream. Nothing but the state comes of it: a replay sends nothing. */
export async function load<State, Event extends DomainEvent>(
  store: EventStore,
  decider: Pick<Decider<State, never, Event>, "initialState" | "evolve" | "eventTypes">,
  streamId: string,
  commandId?: string,
): Promise<Loaded<State, Event>> {
  let state = decider.initialState;
  let version = 0;
  const earlier: EventEnvelope<Event>[] = [];
  for await (const recorded of store.readStream(streamId)) {
    if (!isOf(decider.eventTypes, recorded)) throw new UnknownEventType(recorded.type);
    state = decider.evolve(state, recorded);
    version = recorded.version;
    if (commandId !== undefined && recorded.metadata.commandId === commandId)
      earlier.push(recorded);
  }
  return { state, version, earlier };
}

function isOf<Event extends DomainEvent>(
  types: Readonly<Record<Event["type"], true>>,
  event: EventEnvelope,
): event is EventEnvelope<Event> {
  return Object.hasOwn(types, event.type);
}
