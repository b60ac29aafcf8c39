/** What may survive in step 09. */

import type { Excuse } from "../survivor.ts";

export const rebuildSurvivors: readonly Excuse[] = [
  {
    verdict: "accepted",
    because:
      "It takes an error that is none of the server's and carries its SQLSTATE all the same, to which nobody gives way or not on purpose.",
    mutants: [
      {
        file: "swap.ts",
        in: "isGivingWay",
        mutated: "!(error instanceof pg.DatabaseError)",
        replacement: "false",
      },
    ],
  },
];
