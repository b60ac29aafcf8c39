/** When to take a snapshot, as a list of reasons of which one is enough. */

import type { EventStore } from "../../../../shared/kernel/event-store.ts";
import type { Queryable } from "../../../../solutions/03-event-store/rows.ts";
import { type Loaded, load, type Report } from "../../../../solutions/10-snapshots/load.ts";
import { saveSnapshot } from "../../../../solutions/10-snapshots/snapshots.ts";

/** A snapshot is due when either of the two says so. */
export interface Policy {
  /** When a load had to fold so many events. */
  readonly everyEvents: number;
  /** When a load took so many milliseconds, and had anything to fold. */
  readonly slowerThan: number;
}

/** True when the next load would gain from a snapshot of this one. */
export function isDue(loaded: Loaded, policy: Policy): boolean {
  return (
    loaded.version > loaded.snapshotVersion && reasons.some((reason) => reason(loaded, policy))
  );
}

type Reason = (loaded: Loaded, policy: Policy) => boolean;

const foldedMany: Reason = ({ version, snapshotVersion }, { everyEvents }) =>
  version - snapshotVersion >= everyEvents;

const tookLong: Reason = ({ milliseconds }, { slowerThan }) => milliseconds >= slowerThan;

const reasons: readonly Reason[] = [foldedMany, tookLong];

export interface Snapshots {
  load(streamId: string): Promise<Loaded>;
  /** Takes a snapshot of what was loaded, if one is due. Returns at once and never throws. */
  offer(loaded: Loaded): void;
  /** Resolves when nothing is being saved any more: before the pool is ended. */
  settled(): Promise<void>;
}

/** Snapshots of one process. `report` hears of those that could not be read or saved. */
export function createSnapshots(
  db: Queryable,
  store: EventStore,
  policy: Policy,
  report: Report = () => {},
): Snapshots {
  let underWay: Promise<void> | undefined;
  const isBusy = (): boolean => underWay !== undefined;
  const goOnBeside = (work: Promise<void>): void => {
    const done = (): void => {
      underWay = undefined;
    };
    underWay = work.then(done, done);
  };

  return {
    load: (streamId) => load(db, store, streamId, report),
    offer(loaded) {
      const { streamId, version, eventId, state } = loaded;
      if (eventId === undefined || isBusy() || !isDue(loaded, policy)) return;
      goOnBeside(saveSnapshot(db, { streamId, version, eventId, state }).catch(report));
    },
    settled: async () => underWay,
  };
}
