/** Loads from a snapshot by hand: the first row is asked for and checked, then the others are folded. */

import type { EventEnvelope } from "../../../../shared/kernel/event.ts";
import type { EventStore } from "../../../../shared/kernel/event-store.ts";
import type { Reservation } from "../../../../solutions/01-aggregate/reservation-types.ts";
import { replay, startOfHistory } from "../../../../solutions/02-replay/replay.ts";
import type { Queryable } from "../../../../solutions/03-event-store/rows.ts";
import { asReservationEvent } from "../../../../solutions/05-command-handlers/repository.ts";
import type { Snapshot } from "../../../../solutions/10-snapshots/snapshot.ts";
import { findSnapshot } from "../../../../solutions/10-snapshots/snapshots.ts";

export interface Folded {
  readonly state: Reservation;
  /** The version of the last event; 0 when there is none. */
  readonly version: number;
  /** The id of the last event. */
  readonly eventId: string | undefined;
}

export interface Loaded extends Folded {
  readonly streamId: string;
  /** The version of the snapshot that the load began with; 0 when it began with the first event. */
  readonly snapshotVersion: number;
  /** How long the load took. */
  readonly milliseconds: number;
}

/** Hears of what went wrong with a snapshot and changed no result. */
export type Report = (problem: unknown) => void;

/**
 * What a replay of the whole stream would give, with or without a snapshot.
 *
 * @param db where the snapshots are: a pool, so that a failure leaves no transaction in pieces
 */
export async function load(
  db: Queryable,
  store: EventStore,
  streamId: string,
  report: Report = () => {},
): Promise<Loaded> {
  const started = performance.now();
  const snapshot = await findSnapshot(db, streamId).catch((problem: unknown) => {
    report(problem);
    return undefined;
  });
  const after = snapshot ? await foldAfter(store, snapshot) : undefined;
  const folded = after ?? (await foldAll(store, streamId));
  const snapshotVersion = snapshot && after ? snapshot.version : 0;
  return { ...folded, streamId, snapshotVersion, milliseconds: performance.now() - started };
}

/**
 * The snapshot's state, and the events after it. undefined where the stream has not got the event that
 * the snapshot ends with: then it is a snapshot of something that has never happened here.
 */
export async function foldAfter(
  store: EventStore,
  snapshot: Snapshot,
): Promise<Folded | undefined> {
  const rows = store
    .readStream(snapshot.streamId, { fromVersion: snapshot.version })
    [Symbol.asyncIterator]();
  const own = await rows.next();
  if (own.done || own.value.id !== snapshot.eventId) {
    await rows.return?.(undefined);
    return undefined;
  }
  let folded: Folded = snapshot;
  for (let row = await rows.next(); !row.done; row = await rows.next()) {
    folded = foldNext(folded, row.value);
  }
  return folded;
}

/** Every event of the stream. */
async function foldAll(store: EventStore, streamId: string): Promise<Folded> {
  let folded: Folded = { ...startOfHistory, eventId: undefined };
  for await (const event of store.readStream(streamId)) folded = foldNext(folded, event);
  return folded;
}

/** @throws InvalidHistory when the event is not the next one, UnknownEventType */
function foldNext({ state, version }: Folded, event: EventEnvelope): Folded {
  return { ...replay([asReservationEvent(event)], { state, version }), eventId: event.id };
}
