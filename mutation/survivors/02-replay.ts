/** What may survive in step 02. */

import type { Excuse } from "../survivor.ts";

export const replaySurvivors: readonly Excuse[] = [
  {
    verdict: "equivalent",
    because: "A state of nothing has no reservationId: asked for it, it says undefined as well.",
    mutants: [
      {
        file: "replay.ts",
        in: "streamOf",
        mutated: 'state.status === "none"',
        replacement: "false",
      },
      { file: "replay.ts", in: "streamOf", mutated: '"none"', replacement: '""' },
    ],
  },
];
