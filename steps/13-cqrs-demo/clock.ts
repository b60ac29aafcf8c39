/** A clock that can be put forward: nobody waits a quarter of an hour to see a booking time out. */

export interface DemoClock {
  /** ISO 8601 in UTC, so many minutes from now. */
  now(inMinutes?: number): string;
  skip(minutes: number): void;
}

export function createClock(): DemoClock {
  let skipped = 0;
  return {
    now: (inMinutes = 0) => new Date(Date.now() + (skipped + inMinutes) * 60_000).toISOString(),
    skip: (minutes) => {
      skipped += minutes;
    },
  };
}
