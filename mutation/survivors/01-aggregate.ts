/** What may survive in step 01. */

import type { Excuse } from "../survivor.ts";

export const aggregateSurvivors: readonly Excuse[] = [
  {
    verdict: "accepted",
    because:
      "What an event before the creation does is nobody's promise: no history has one, and step 02 refuses it.",
    mutants: [
      {
        file: "reservation.ts",
        in: "evolve",
        mutated: 'state.status === "none"',
        replacement: "false",
      },
      { file: "reservation.ts", in: "evolve", mutated: '"none"', replacement: '""' },
    ],
  },
  {
    verdict: "accepted",
    because: "No value has the type never: these lines are for the compiler, which runs no tests.",
    mutants: [
      {
        file: "reservation.ts",
        in: "evolve",
        mutated: "default: return assertNever(event);",
        replacement: "default:",
      },
      {
        file: "reservation.ts",
        in: "decide",
        mutated: "default: return assertNever(command);",
        replacement: "default:",
      },
      {
        file: "reservation.ts",
        in: "assertNever",
        mutated: "{ throw new TypeError(`No code here knows ${JSON.stringify(unknown)}.`); }",
        replacement: "{}",
      },
    ],
  },
  {
    verdict: "equivalent",
    because:
      "What follows a date would have to be the beginning of its own ISO form, and with another T behind it no such text is an instant.",
    mutants: [
      {
        file: "stay.ts",
        in: "isCalendarDate",
        mutated: "/^\\d{4}-\\d{2}-\\d{2}$/",
        replacement: "/^\\d{4}-\\d{2}-\\d{2}/",
      },
    ],
  },
];
