/** What may survive in step 10. */

import type { Excuse } from "../survivor.ts";

export const snapshotSurvivors: readonly Excuse[] = [
  {
    verdict: "accepted",
    because:
      "Without a name the server plans a statement anew each time: the answer is the same, and how long it takes is for npm run bench.",
    mutants: [
      {
        file: "snapshots.ts",
        in: "findSnapshot",
        mutated: '"find-snapshot"',
        replacement: '""',
      },
      {
        file: "snapshots.ts",
        in: "saveSnapshot",
        mutated: '"save-snapshot"',
        replacement: '""',
      },
    ],
  },
  {
    verdict: "equivalent",
    because: "Where no event was folded there is nothing to gain, so isDue has said no already.",
    mutants: [
      {
        file: "taking.ts",
        in: "offer",
        mutated: "eventId === undefined",
        replacement: "false",
      },
    ],
  },
];
