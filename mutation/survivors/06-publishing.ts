/** What may survive in step 06. */

import type { Excuse } from "../survivor.ts";
import { withoutAName } from "./reasons.ts";

export const publishingSurvivors: readonly Excuse[] = [
  {
    verdict: "accepted",
    because: withoutAName,
    mutants: [
      {
        file: "commit-order.ts",
        in: "readAllCommitted",
        mutated: '"read-all-committed"',
        replacement: '""',
      },
    ],
  },
  {
    verdict: "accepted",
    because: "What a failure was caused by is for the log: the relay decides by the fault alone.",
    mutants: [
      { file: "publisher.ts", in: "", mutated: "cause === undefined", replacement: "true" },
      { file: "publisher.ts", in: "", mutated: "cause === undefined", replacement: "false" },
      {
        file: "publisher.ts",
        in: "",
        mutated: "cause === undefined",
        replacement: "cause !== undefined",
      },
      { file: "publisher.ts", in: "", mutated: "{ cause }", replacement: "{}" },
    ],
  },
  {
    verdict: "accepted",
    because:
      "How soon a lost connection is replaced, and that stop() does not sit out that second: polling goes on meanwhile.",
    mutants: [
      {
        file: "wake-up.ts",
        in: "listen",
        mutated: "Math.min(pollEvery, 1_000)",
        replacement: "Math.max(pollEvery, 1_000)",
      },
      { file: "wake-up.ts", in: "listen", mutated: "{ signal }", replacement: "{}" },
    ],
  },
  {
    verdict: "equivalent",
    because:
      "pg tells a connection that is lost by an error and then by its end: either is enough, as long as the error has a listener.",
    mutants: [
      {
        file: "wake-up.ts",
        in: "connectionEnd",
        mutated: "() => resolve()",
        replacement: "() => undefined",
      },
      { file: "wake-up.ts", in: "connectionEnd", mutated: '"end"', replacement: '""' },
      {
        file: "wake-up.ts",
        in: "connectionEnd",
        mutated: "() => resolve()",
        replacement: "() => undefined",
        nth: 2,
      },
    ],
  },
  {
    verdict: "equivalent",
    because: "A signal aborts once.",
    mutants: [
      { file: "wake-up.ts", in: "connectionEnd", mutated: "{ once: true }", replacement: "{}" },
      { file: "wake-up.ts", in: "connectionEnd", mutated: "true", replacement: "false" },
    ],
  },
];
