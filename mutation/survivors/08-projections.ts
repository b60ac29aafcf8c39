/** What may survive in step 08. */

import type { Excuse } from "../survivor.ts";

export const projectionSurvivors: readonly Excuse[] = [
  {
    verdict: "equivalent",
    because: "No value has the type never: that line is for the compiler, and does nothing.",
    mutants: [
      {
        file: "apply-to-view.ts",
        in: "applyToView",
        mutated: "default: known satisfies never;",
        replacement: "default:",
      },
    ],
  },
  {
    verdict: "accepted",
    because:
      "Where the row is missing the event is refused in either case; only the error says it worse.",
    mutants: [{ file: "apply-to-view.ts", in: "rowBefore", mutated: "row", replacement: "true" }],
  },
  {
    verdict: "accepted",
    because: "One ring too many: who waits looks once more, and waits on.",
    mutants: [
      {
        file: "projection.ts",
        in: "applyNext",
        mutated: "reached === event.version",
        replacement: "true",
      },
    ],
  },
  {
    verdict: "equivalent",
    because: "The statement before has put that row there, in the same transaction.",
    mutants: [
      {
        file: "projection.ts",
        in: "lockStream",
        mutated: "rows[0]?.version",
        replacement: "rows[0].version",
      },
    ],
  },
  {
    verdict: "accepted",
    because:
      "It takes a clock that stands at the deadline to the microsecond; then it looks once more.",
    mutants: [
      {
        file: "read-your-writes.ts",
        in: "waitForVersion",
        mutated: "left <= 0",
        replacement: "left < 0",
      },
    ],
  },
  {
    verdict: "equivalent",
    because: "A page takes one reservation at least: where there are more than fit, it has a last.",
    mutants: [
      {
        file: "reservations-view.ts",
        in: "listReservations",
        mutated: "last === undefined",
        replacement: "false",
      },
    ],
  },
];
