/** What may survive in step 07. */

import type { Excuse } from "../survivor.ts";

export const consumingSurvivors: readonly Excuse[] = [
  {
    verdict: "equivalent",
    because: "It is one death more, of no queue and for no reason: nobody looks for that one.",
    mutants: [
      {
        file: "delivery.ts",
        in: "attemptsOf",
        mutated: "[]",
        replacement: '["Stryker was here"]',
      },
    ],
  },
  {
    verdict: "accepted",
    because: "One message more or less of a limit that is there against thousands.",
    mutants: [
      {
        file: "parked.ts",
        in: "takeParked",
        mutated: "messages.length < limit",
        replacement: "messages.length <= limit",
      },
    ],
  },
  {
    verdict: "accepted",
    because:
      "It gives back all that the channel has taken: what is parked, and whoever lists that holds nothing else.",
    mutants: [{ file: "parked.ts", in: "readParked", mutated: "false", replacement: "true" }],
  },
];
