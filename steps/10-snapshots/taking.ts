/** When to take a snapshot, and how to do it beside the work that somebody waits for. */

import type { EventStore } from "../../shared/kernel/event-store.ts";
import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import type { Queryable } from "../03-event-store/rows.ts";
import { type Loaded, load, type Report } from "./load.ts";

/** A snapshot is due when either of the two says so. */
export interface Policy {
  /** When a load had to fold so many events. */
  readonly everyEvents: number;
  /** When a load took so many milliseconds, and had anything to fold. */
  readonly slowerThan: number;
}

/** True when the next load would gain from a snapshot of this one. */
export function isDue(
  { version, snapshotVersion, milliseconds }: Loaded,
  { everyEvents, slowerThan }: Policy,
): boolean {
  // TODO: how many events came after the snapshot? none: there is nothing to gain
  throw new NotImplemented("isDue");
}

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
      // TODO: due? Save it beside (goOnBeside); what goes wrong is reported, and nobody's failure. One
      // at a time: while another one is being saved (isBusy), drop this one. The next load offers again.
      throw new NotImplemented("offer");
    },
    settled: async () => underWay,
  };
}
