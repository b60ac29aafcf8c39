/** What may survive in step 03. */

import type { Excuse } from "../survivor.ts";
import { withoutAName } from "./reasons.ts";

export const eventStoreSurvivors: readonly Excuse[] = [
  {
    verdict: "equivalent",
    because: "An aggregate without `group by` answers with exactly one row.",
    mutants: [
      {
        file: "event-store.ts",
        in: "appendToStream",
        mutated: "rows[0]?.version",
        replacement: "rows[0].version",
      },
    ],
  },
  {
    verdict: "accepted",
    because:
      "pg's pool closes a connection that is broken, whether it is told or not; what it cannot see is a server that refuses a rollback and goes on.",
    mutants: [
      {
        file: "event-store.ts",
        in: "appendToStream",
        mutated: "{ broken = failure; }",
        replacement: "{}",
      },
    ],
  },
  {
    verdict: "accepted",
    because: withoutAName,
    mutants: [
      {
        file: "event-store.ts",
        in: "readStream",
        mutated: '"read-stream"',
        replacement: '""',
      },
      { file: "event-store.ts", in: "readAll", mutated: '"read-all"', replacement: '""' },
    ],
  },
  {
    verdict: "accepted",
    because: "One level more or less of two hundred is nobody's promise.",
    mutants: [
      {
        file: "storable.ts",
        in: "assertSurvivesJson",
        mutated: "[]",
        replacement: '["Stryker was here"]',
      },
    ],
  },
  {
    verdict: "accepted",
    because:
      "It takes an object that reads as a UUID where its text is asked for: no JSON has one.",
    mutants: [
      {
        file: "storable.ts",
        in: "assertStorable",
        mutated: 'typeof event.id !== "string"',
        replacement: "false",
      },
    ],
  },
];
