/** What may survive in step 04. */

import type { Excuse } from "../survivor.ts";
import { withoutAName } from "./reasons.ts";

export const concurrencySurvivors: readonly Excuse[] = [
  {
    verdict: "accepted",
    because: withoutAName,
    mutants: [
      {
        file: "earlier-append.ts",
        in: "findObstacle",
        mutated: '"find-obstacle"',
        replacement: '""',
      },
      {
        file: "compare-and-append.ts",
        in: "compareAndAppend",
        mutated: '"append-to-stream"',
        replacement: '""',
      },
    ],
  },
  {
    verdict: "equivalent",
    because: "A select of values, from no table, answers with exactly one row.",
    mutants: [
      {
        file: "earlier-append.ts",
        in: "findObstacle",
        mutated: "{ actual: 0, stored: [] }",
        replacement: "{}",
      },
      {
        file: "earlier-append.ts",
        in: "findObstacle",
        mutated: "[]",
        replacement: '["Stryker was here"]',
      },
    ],
  },
  {
    verdict: "equivalent",
    because: "A list that has a first has a last.",
    mutants: [
      {
        file: "earlier-append.ts",
        in: "earlierAppend",
        mutated: "!first || !last",
        replacement: "!first && !last",
      },
    ],
  },
  {
    verdict: "equivalent",
    because: "It asks whether a word is more than 0, which no word is.",
    mutants: [
      {
        file: "compare-and-append.ts",
        in: "compareAndAppend",
        mutated: 'typeof expected === "number"',
        replacement: "true",
      },
    ],
  },
];
