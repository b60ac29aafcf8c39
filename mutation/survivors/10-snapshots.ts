/** What may survive in step 10. */

import type { Excuse } from "../survivor.ts";
import { withoutAName } from "./reasons.ts";

export const snapshotSurvivors: readonly Excuse[] = [
  {
    verdict: "accepted",
    because: withoutAName,
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
