/**
 * The history of any stream: what each event changed, and the state after it. Reservations are upcast,
 * hotels, guests and bookings have their deciders. Given.
 */

import { isDeepStrictEqual } from "node:util";
import type { DomainEvent, EventEnvelope } from "../../shared/kernel/event.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import type { FieldChange } from "../02-replay/change.ts";
import { toMilliseconds } from "../02-replay/instant.ts";
import { type Replayed, startOfHistory } from "../02-replay/replay.ts";
import { replayStored } from "../11-versioning/replay-stored.ts";
import { upcast } from "../11-versioning/upcast.ts";
import { bookings, guests, hotels } from "../12-saga/deciders.ts";
import type { Decider } from "../12-saga/handle.ts";

export interface HistoryEntry {
  readonly version: number;
  readonly stored: EventEnvelope;
  readonly meaning: readonly DomainEvent[];
  readonly changed: readonly FieldChange[];
  readonly state: unknown;
}

export interface History {
  readonly streamId: string;
  readonly entries: readonly HistoryEntry[];
  readonly nextAfterVersion: number | null;
}

export interface HistoryPage {
  readonly afterVersion: number;
  readonly first: number;
  /** Ends it when nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
}

/** The `first` events after a version; no event behind them is read. */
export async function readHistory(
  store: EventStore,
  streamId: string,
  { afterVersion, first, signal }: HistoryPage,
): Promise<History> {
  const entries: HistoryEntry[] = [];
  const fold = folderOf(streamId);
  let folded = fold.start;
  // From the beginning: a state is what all events before it add up to.
  for await (const stored of store.readStream(streamId)) {
    signal?.throwIfAborted();
    if (entries.length === first)
      return { streamId, entries, nextAfterVersion: stored.version - 1 };
    const before = folded;
    folded = fold.next(before, stored);
    if (stored.version <= afterVersion) continue;
    const changed = differences(before.state, folded.state);
    const { meaning, state } = folded;
    entries.push({ version: stored.version, stored, meaning, changed, state: shown(state) });
  }
  return { streamId, entries, nextAfterVersion: null };
}

/** As step 02's stateBefore, for rows of any age. */
export async function stateBefore(
  store: EventStore,
  streamId: string,
  time: string,
): Promise<Replayed> {
  const end = toMilliseconds(time);
  let replayed = startOfHistory;
  for await (const row of store.readStream(streamId)) {
    if (toMilliseconds(row.recordedAt) >= end) break;
    replayed = replayStored([row], replayed);
  }
  return replayed;
}

interface Folded {
  readonly state: object;
  readonly meaning: readonly DomainEvent[];
  readonly version: number;
}

interface Folder {
  readonly start: Folded;
  readonly next: (before: Folded, row: EventEnvelope) => Folded;
}

/** How the events of this stream are folded, by what its name begins with. */
function folderOf(streamId: string): Folder {
  if (streamId.startsWith("hotel-")) return byDecider(hotels);
  if (streamId.startsWith("guest-")) return byDecider(guests);
  if (streamId.startsWith("booking-")) return byDecider(bookings);
  let replayed = startOfHistory;
  return {
    start: { ...startOfHistory, meaning: [] },
    next: (_, row) => {
      replayed = replayStored([row], replayed);
      return { ...replayed, meaning: upcast(row) };
    },
  };
}

function byDecider<State extends object, Command, Event extends DomainEvent>({
  initialState,
  evolve,
}: Decider<State, Command, Event>): Folder {
  let state = initialState;
  return {
    start: { state, meaning: [], version: 0 },
    next: (_, row) => {
      // The streams of this name hold its events: nobody else appends there.
      state = evolve(state, row as EventEnvelope<Event>);
      return { state, meaning: [row], version: row.version };
    },
  };
}

/** The fields in which two states differ; what is kept for each booking is compared booking by booking. */
function differences(before: object, after: object): readonly FieldChange[] {
  const was = fieldsOf(before);
  const is = fieldsOf(after);
  return [...new Set([...is.keys(), ...was.keys()])]
    .map((field) => ({ field, before: was.get(field), after: is.get(field) }))
    .filter((each) => each.before !== each.after && !isDeepStrictEqual(each.before, each.after));
}

function fieldsOf(state: object): ReadonlyMap<string, unknown> {
  const fields = Object.entries(state).flatMap(([name, value]): [string, unknown][] =>
    value instanceof Map
      ? [...value].map(([key, inside]) => [`${name}.${String(key)}`, inside])
      : [[name, value]],
  );
  return new Map(fields);
}

/** As JSON: a Map becomes an object, or a number where it is long. */
export function shown(state: object): object {
  const fields = Object.entries(state).map(([name, value]) => {
    if (!(value instanceof Map)) return [name, value];
    return [name, value.size >= 200 ? { count: value.size } : Object.fromEntries(value)];
  });
  return Object.fromEntries(fields);
}
