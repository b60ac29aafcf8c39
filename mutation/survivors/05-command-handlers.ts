/** What may survive in step 05. */

import type { Excuse } from "../survivor.ts";

export const commandHandlerSurvivors: readonly Excuse[] = [
  {
    verdict: "equivalent",
    because:
      "What counts in that record are its keys: the compiler holds them complete, and nobody reads a value.",
    mutants: [1, 2, 3, 4].map((nth) => ({
      file: "repository.ts",
      in: "known",
      mutated: "true",
      replacement: "false",
      nth,
    })),
  },
];
