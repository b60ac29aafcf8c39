/**
 * The write side, joined from its parts: the aggregate (01), the event store (04), the handler (05),
 * snapshots (10) and old events (11). Still load, fold, decide, append, return.
 */

import { setTimeout as delay } from "node:timers/promises";
import { ConcurrencyConflict } from "../../shared/kernel/errors.ts";
import type { EventEnvelope, NewEvent } from "../../shared/kernel/event.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import type { ReservationEvent } from "../01-aggregate/reservation-types.ts";
import { startOfHistory } from "../02-replay/replay.ts";
import type { Queryable } from "../03-event-store/rows.ts";
import { backoffDelay } from "../05-command-handlers/back-off.ts";
import type {
  CommandEnvelope,
  CommandResult,
  RetryOptions,
} from "../05-command-handlers/command-types.ts";
import type { Folded, Loaded, Report } from "../10-snapshots/load.ts";
import { findSnapshot } from "../10-snapshots/snapshots.ts";
import type { Snapshots } from "../10-snapshots/taking.ts";
import { upcast } from "../11-versioning/upcast.ts";

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
  // TODO: the store, but that its `append` gives each event of a reservation (isOfReservation, below) its
  // version of today (withTodaysVersion, of ../11-versioning/releases.ts) before it appends them to `store`.
  // Step 05 writes schemaVersion 1 for shapes that step 11 counts as 2 and 3. The others stay as they are.
  throw new NotImplemented("stamping");
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
  // TODO: read the stream from the snapshot's own event on, from 1 where there is no snapshot. The
  // snapshot's event must be the first that comes, by its id; it is in the state already. Another one comes, or
  // nothing: undefined. Without a snapshot no row is needed: `nothing` is then the answer. Every row behind
  // is folded by replayStored (of ../11-versioning/replay-stored.ts), and its id is the new eventId.
  throw new NotImplemented("foldRows");
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
  // TODO: load; requireVersion (below); decide (of ../01-aggregate/reservation.ts); newEvents (of
  // ../05-command-handlers/command-handler.ts); append at the version that was loaded; offer a snapshot of what was
  // loaded. In four cases this may be a second delivery: nothing is decided; the append was `repeated`; a
  // DomainError; a ConcurrencyConflict, and a wrong expectation counts as one, too. Then, and only
  // then, for it reads the whole stream: has an earlier delivery stored something (earlierAnswer)?
  // That is the answer, whatever the state is now. If not: the unchanged version, or the error.
  throw new NotImplemented("attempt");
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

/** @throws ConcurrencyConflict when the client has seen another version than was loaded */
function requireVersion({ streamId, version }: Loaded, expected: number | undefined): void {
  if (expected === undefined || expected === version) return;
  throw new ConcurrencyConflict(streamId, expected, version);
}

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
