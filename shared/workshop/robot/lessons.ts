/** The steps as the robot takes them: what is red first, what the first task is, and one way to be wrong. */

/** A red test that is explained. */
interface Red {
  /** How the test's full name begins. */
  readonly test: string;
  /** The learner's file that is named: where something is missing. */
  readonly file: string;
}

export interface Lesson {
  readonly id: string;
  /** Of the starter. Constraints that are not there cannot say so: then it is simply wrong. */
  readonly red: Red & { readonly kind: "NOT WRITTEN YET" | "WRONG" };
  readonly firstTask: {
    readonly file: string;
    /** Which of the file's regions BEGIN to END SOLUTION are its code, from 0 on. */
    readonly regions: readonly number[];
    /** The title of the tests that tick it. */
    readonly tests: string;
    /** What is red then, and the task that its hints are for. */
    readonly next: Red & { readonly task: number };
  };
  /** A mistake of shared/mistakes/ that is wrong, not slow, and no crash. */
  readonly wrong: string;
}

export const lessons: readonly Lesson[] = [
  {
    id: "01-aggregate",
    red: { kind: "NOT WRITTEN YET", test: "the nights of a stay", file: "stay.ts" },
    firstTask: {
      file: "stay.ts",
      regions: [0],
      tests: "the nights of a stay",
      next: { test: "the state of a reservation", file: "reservation.ts", task: 2 },
    },
    wrong: "counts-nights-in-local-time",
  },
  {
    id: "02-replay",
    red: { kind: "NOT WRITTEN YET", test: "a replay", file: "replay.ts" },
    firstTask: {
      file: "replay.ts",
      // Tasks 1 and 2 are one function.
      regions: [0, 4],
      tests: "a history that is none",
      next: { test: "the state at a version", file: "replay.ts", task: 3 },
    },
    wrong: "includes-the-moment-itself",
  },
  {
    id: "03-event-store",
    red: { kind: "WRONG", test: "the table of events", file: "schema.sql" },
    firstTask: {
      file: "schema.sql",
      regions: [0],
      tests: "the table of events",
      next: { test: "a value that JSON would lose", file: "storable.ts", task: 2 },
    },
    wrong: "begins-at-the-last-position",
  },
  {
    id: "04-concurrency",
    red: { kind: "NOT WRITTEN YET", test: "what a writer believes", file: "expected-version.ts" },
    firstTask: {
      file: "expected-version.ts",
      regions: [0],
      tests: "what a writer believes",
      next: {
        test: "an append at the version it has read",
        file: "compare-and-append.ts",
        task: 2,
      },
    },
    wrong: "takes-0-for-any",
  },
  {
    id: "05-command-handlers",
    red: { kind: "NOT WRITTEN YET", test: "loading a reservation", file: "repository.ts" },
    firstTask: {
      file: "repository.ts",
      regions: [0],
      tests: "loading a reservation",
      next: { test: "the events of a command", file: "command-handler.ts", task: 2 },
    },
    wrong: "waits-in-step",
  },
  {
    id: "06-publishing",
    red: { kind: "NOT WRITTEN YET", test: "reading in commit order", file: "commit-order.ts" },
    firstTask: {
      file: "commit-order.ts",
      regions: [0],
      tests: "reading in commit order",
      next: { test: "an event on its way to the broker", file: "publisher.ts", task: 2 },
    },
    wrong: "forgets-mandatory",
  },
  {
    id: "07-consuming",
    red: { kind: "NOT WRITTEN YET", test: "the attempts of a message", file: "delivery.ts" },
    firstTask: {
      file: "delivery.ts",
      regions: [0],
      tests: "the attempts of a message",
      next: { test: "a message that is parked", file: "parked.ts", task: 2 },
    },
    wrong: "counts-deaths-of-other-queues",
  },
  {
    id: "08-projections",
    red: { kind: "NOT WRITTEN YET", test: "a query", file: "reservations-view.ts" },
    firstTask: {
      file: "reservations-view.ts",
      regions: [0],
      tests: "a query",
      next: { test: "an event applied to the view", file: "apply-to-view.ts", task: 2 },
    },
    wrong: "takes-rooms-for-the-pending",
  },
  {
    id: "09-rebuild",
    red: { kind: "NOT WRITTEN YET", test: "the progress of a rebuild", file: "progress.ts" },
    firstTask: {
      file: "progress.ts",
      regions: [0],
      tests: "the progress of a rebuild",
      next: { test: "events applied to the build", file: "build-batch.ts", task: 2 },
    },
    wrong: "lives-it-all-again",
  },
  {
    id: "10-snapshots",
    red: { kind: "NOT WRITTEN YET", test: "a snapshot that is found", file: "snapshots.ts" },
    firstTask: {
      file: "snapshots.ts",
      regions: [0],
      tests: "a snapshot that is found",
      next: { test: "a snapshot that is saved", file: "snapshots.ts", task: 2 },
    },
    wrong: "waits-for-a-round-version",
  },
  {
    id: "11-versioning",
    red: { kind: "NOT WRITTEN YET", test: "an old event, one version newer", file: "upcasters.ts" },
    firstTask: {
      file: "upcasters.ts",
      regions: [0, 1, 2, 3, 4],
      tests: "an old event, one version newer",
      next: { test: "an old event that was two", file: "upcasters.ts", task: 2 },
    },
    wrong: "cuts-cents-off",
  },
  {
    id: "12-saga",
    red: { kind: "NOT WRITTEN YET", test: "a room for a booking", file: "hotel.ts" },
    firstTask: {
      file: "hotel.ts",
      regions: [0],
      tests: "a room for a booking",
      next: { test: "a booking that goes forward", file: "booking-saga.ts", task: 2 },
    },
    wrong: "looks-at-the-first-night",
  },
  {
    id: "13-cqrs-demo",
    red: {
      kind: "NOT WRITTEN YET",
      test: "a store that says which shape it is given",
      file: "write-side.ts",
    },
    firstTask: {
      file: "write-side.ts",
      regions: [0],
      tests: "a store that says which shape it is given",
      next: { test: "the rows of a reservation", file: "write-side.ts", task: 2 },
    },
    wrong: "hears-no-expectation",
  },
];
