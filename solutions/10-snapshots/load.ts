/** Loads a reservation from its snapshot and the events after it. The events decide, the snapshot saves time. */

import type { EventEnvelope } from "../../shared/kernel/event.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import type { Reservation } from "../01-aggregate/reservation-types.ts";
import { replay, startOfHistory } from "../02-replay/replay.ts";
import type { Queryable } from "../03-event-store/rows.ts";
import { asReservationEvent } from "../05-command-handlers/repository.ts";
import type { Snapshot } from "./snapshot.ts";
import { findSnapshot } from "./snapshots.ts";

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
  // BEGIN SOLUTION: find the snapshot; that the table cannot be read is no reason to fail: report it, and do
  // without. Fold what comes after it (foldAfter), or everything (foldAll). Return the rest, too:
  // streamId, snapshotVersion, milliseconds since `started`.
  const snapshot = await findSnapshot(db, streamId).catch((problem: unknown) => {
    report(problem);
    return undefined;
  });
  const after = snapshot ? await foldAfter(store, snapshot) : undefined;
  const folded = after ?? (await foldAll(store, streamId));
  const snapshotVersion = snapshot && after ? snapshot.version : 0;
  return { ...folded, streamId, snapshotVersion, milliseconds: performance.now() - started };
  // END SOLUTION
}

/**
 * The snapshot's state, and the events after it. undefined where the stream has not got the event that
 * the snapshot ends with: then it is a snapshot of something that has never happened here.
 */
export async function foldAfter(
  store: EventStore,
  snapshot: Snapshot,
): Promise<Folded | undefined> {
  // BEGIN SOLUTION: read the stream from the snapshot's own event on. Is the first one that event, by its id?
  // It is in the state already; foldNext each one behind it.
  const tail = store.readStream(snapshot.streamId, { fromVersion: snapshot.version });
  let folded: Folded | undefined;
  for await (const event of tail) {
    if (folded) folded = foldNext(folded, event);
    else if (event.id === snapshot.eventId) folded = snapshot;
    else return undefined;
  }
  return folded;
  // END SOLUTION
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
