/**
 * The write side, joined from its parts: the aggregate (01), the event store (04), the handler (05),
 * snapshots (10) and old events (11). Still load, fold, decide, append, return.
 */

import { setTimeout as delay } from "node:timers/promises";
import { ConcurrencyConflict, DomainError } from "../../../../shared/kernel/errors.ts";
import type { EventEnvelope, NewEvent } from "../../../../shared/kernel/event.ts";
import type { EventStore } from "../../../../shared/kernel/event-store.ts";
import { decide } from "../../../../solutions/01-aggregate/reservation.ts";
import type { ReservationEvent } from "../../../../solutions/01-aggregate/reservation-types.ts";
import { startOfHistory } from "../../../../solutions/02-replay/replay.ts";
import type { Queryable } from "../../../../solutions/03-event-store/rows.ts";
import { backoffDelay } from "../../../../solutions/05-command-handlers/back-off.ts";
import { newEvents } from "../../../../solutions/05-command-handlers/command-handler.ts";
import type {
  CommandEnvelope,
  CommandResult,
  RetryOptions,
} from "../../../../solutions/05-command-handlers/command-types.ts";
import type { Folded, Loaded, Report } from "../../../../solutions/10-snapshots/load.ts";
import { findSnapshot } from "../../../../solutions/10-snapshots/snapshots.ts";
import type { Snapshots } from "../../../../solutions/10-snapshots/taking.ts";
import { withTodaysVersion } from "../../../../solutions/11-versioning/releases.ts";
import { replayStored } from "../../../../solutions/11-versioning/replay-stored.ts";
import { upcast } from "../../../../solutions/11-versioning/upcast.ts";

export interface WriteSide {
  /** One that `stamping` has made: what it appends says which shape it has. */
  readonly store: EventStore;
  /** Where the snapshots are. */
  readonly db: Queryable;
  /** Takes them, beside the work. */
  readonly snapshots: Pick<Snapshots, "offer">;
  /** Hears of a snapshot that could not be read; the load goes on without it. */
  readonly report?: Report;
}

/** The same store, whose reservation events are appended with today's schemaVersion; hotels, guests and bookings have had one shape only. */
export function stamping(store: EventStore): EventStore {
  return {
    ...store,
    append: (streamId, events, expectedVersion) => {
      const stamped = events.map((event) =>
        isOfReservation(event) ? withTodaysVersion(event) : event,
      );
      return store.append(streamId, stamped, expectedVersion);
    },
  };
}

/** A reservation as it is now. Given: the snapshot if it can be believed, the whole stream if not. */
export async function load(side: WriteSide, streamId: string): Promise<Loaded> {
  const started = performance.now();
  // That a snapshot cannot be read costs time and nothing else.
  const snapshot = await findSnapshot(side.db, streamId).catch((problem: unknown) => {
    side.report?.(problem);
    return undefined;
  });
  const after = snapshot && (await foldRows(side.store, streamId, snapshot));
  const folded = after ?? (await foldRows(side.store, streamId, nothing)) ?? nothing;
  const snapshotVersion = after ? (snapshot?.version ?? 0) : 0;
  return { ...folded, streamId, snapshotVersion, milliseconds: performance.now() - started };
}

/**
 * What the rows of a stream add up to, of whatever age, from a snapshot on or from `nothing`. undefined
 * where the stream has not got the event that the snapshot ends with: another one, or none at that version.
 * @throws InvalidHistory, UnknownEventType, UnknownSchemaVersion
 */
export async function foldRows(
  store: EventStore,
  streamId: string,
  from: Folded,
): Promise<Folded | undefined> {
  let folded = from.version === 0 ? from : undefined;
  const fromVersion = Math.max(from.version, 1);
  for await (const row of store.readStream(streamId, { fromVersion })) {
    if (folded) folded = { ...replayStored([row], folded), eventId: row.id };
    else if (row.id === from.eventId) folded = from;
    else return undefined;
  }
  return folded;
}

type Attempt = Omit<CommandResult, "attempts">;

/**
 * One attempt: load, fold, decide, append, return. A command that came before is answered as it was,
 * also where its events lie behind a snapshot.
 *
 * @param expectedVersion what the client has seen; whatever the stream is at, when left out
 * @throws ConcurrencyConflict, DomainError; nothing was written
 */
export async function attempt(
  side: WriteSide,
  envelope: CommandEnvelope,
  expectedVersion?: number,
): Promise<Attempt> {
  const streamId = envelope.command.data.reservationId;
  const loaded = await load(side, streamId);
  const outcome = await tried(side, loaded, envelope, expectedVersion);
  if (outcome.kind === "appended") return outcome.answer;
  const earlier = await earlierAnswer(side.store, streamId, envelope.id);
  if (earlier) return earlier;
  if (outcome.kind === "refused") throw outcome.error;
  return { streamId, version: loaded.version, events: [], repeated: false };
}

/** What a decision came to; an error that says nothing about the command is thrown, and is none of these. */
type Outcome =
  | { readonly kind: "appended"; readonly answer: Attempt }
  | { readonly kind: "nothing to do" }
  | { readonly kind: "refused"; readonly error: DomainError | ConcurrencyConflict };

async function tried(
  { store, snapshots }: WriteSide,
  loaded: Loaded,
  envelope: CommandEnvelope,
  expectedVersion: number | undefined,
): Promise<Outcome> {
  const { streamId, version, state } = loaded;
  if (expectedVersion !== undefined && expectedVersion !== version) {
    return { kind: "refused", error: new ConcurrencyConflict(streamId, expectedVersion, version) };
  }
  try {
    const events = newEvents(envelope, decide(envelope.command, state));
    if (events.length === 0) return { kind: "nothing to do" };
    const appended = await store.append(streamId, events, version);
    snapshots.offer(loaded);
    if (appended.repeated) return { kind: "nothing to do" };
    return { kind: "appended", answer: { ...appended, events } };
  } catch (error) {
    if (error instanceof DomainError || error instanceof ConcurrencyConflict) {
      return { kind: "refused", error };
    }
    throw error;
  }
}

export interface HandleOptions extends RetryOptions {
  /** What the client has seen. A conflict is then its answer, and nothing is tried again. */
  readonly expectedVersion?: number;
}

/** Handles a command, as often as it takes, within limits, as in step 05. */
export async function handle(
  side: WriteSide,
  envelope: CommandEnvelope,
  { expectedVersion, maxAttempts = 5, wait = delay, random = Math.random }: HandleOptions = {},
): Promise<CommandResult> {
  const limit = expectedVersion === undefined ? maxAttempts : 1;
  for (let attempts = 1; ; attempts++) {
    try {
      return { ...(await attempt(side, envelope, expectedVersion)), attempts };
    } catch (error) {
      if (!(error instanceof ConcurrencyConflict) || attempts >= limit) throw error;
      await wait(backoffDelay(attempts, random));
    }
  }
}

/** Before the first event: what a load begins with that has no snapshot. */
export const nothing: Folded = { ...startOfHistory, eventId: undefined };

/** What the delivery that stored this command's events was answered; undefined where there was none. */
async function earlierAnswer(
  store: EventStore,
  streamId: string,
  commandId: string,
): Promise<Attempt | undefined> {
  let last: EventEnvelope | undefined;
  const events: NewEvent<ReservationEvent>[] = [];
  // The whole stream: a snapshot has a state, and not the commands that led to it. It is rare.
  for await (const row of store.readStream(streamId)) {
    if (row.metadata.commandId !== commandId) continue;
    last = row;
    events.push(...upcast(row));
  }
  if (!last) return undefined;
  return { streamId, version: last.version, position: last.position, events, repeated: true };
}

const types: Readonly<Record<ReservationEvent["type"], true>> = {
  ReservationCreated: true,
  ReservationConfirmed: true,
  StayChanged: true,
  ReservationCancelled: true,
};

/** Whether it is one of a reservation, and not of a hotel, a guest or a booking. */
function isOfReservation(event: NewEvent): event is NewEvent<ReservationEvent> {
  return Object.hasOwn(types, event.type);
}
