/** What may survive in step 13. */

import type { Excuse } from "../survivor.ts";

export const demoSurvivors: readonly Excuse[] = [
  {
    verdict: "equivalent",
    because:
      "What is asked behind it says no to an undefined as well: it is no date and no number.",
    mutants: [
      {
        file: "cursors.ts",
        in: "fromPageCursor",
        mutated: "arrival === undefined",
        replacement: "false",
      },
      {
        file: "cursors.ts",
        in: "isNumber",
        mutated: "text !== undefined",
        replacement: "true",
      },
    ],
  },
  {
    verdict: "equivalent",
    because: "The year alone is no date, and was refused before.",
    mutants: [
      {
        file: "cursors.ts",
        in: "fromPageCursor",
        mutated: 'arrival < "0001"',
        replacement: 'arrival <= "0001"',
      },
    ],
  },
  {
    verdict: "equivalent",
    because: "UTF-8 is what a Buffer takes where no encoding is named.",
    mutants: [{ file: "cursors.ts", in: "encoded", mutated: '"utf8"', replacement: '""' }],
  },
  {
    verdict: "equivalent",
    because: "An undefined is as false as false.",
    mutants: [
      { file: "live.ts", in: "openLive", mutated: "() => false", replacement: "() => undefined" },
      {
        file: "live.ts",
        in: "openBells",
        mutated: "async () => false",
        replacement: "() => undefined",
      },
    ],
  },
  {
    verdict: "equivalent",
    because: "A number that falls with each ring tells one from the other as one that grows.",
    mutants: [{ file: "live.ts", in: "ringAll", mutated: "rings += 1", replacement: "rings -= 1" }],
  },
  {
    verdict: "equivalent",
    because: "A signal is aborted once.",
    mutants: [
      { file: "live.ts", in: "lend", mutated: "{ once: true }", replacement: "{}" },
      { file: "live.ts", in: "lend", mutated: "true", replacement: "false" },
    ],
  },
  {
    verdict: "equivalent",
    because: "There is something behind a snapshot only where there is a snapshot.",
    mutants: [
      {
        file: "write-side.ts",
        in: "load",
        mutated: "snapshot?.version",
        replacement: "snapshot.version",
      },
    ],
  },
  {
    verdict: "equivalent",
    because: "It is asked which names there are, and never what stands behind them.",
    mutants: [
      { file: "write-side.ts", in: "types", mutated: "true", replacement: "false" },
      { file: "write-side.ts", in: "types", mutated: "true", replacement: "false", nth: 2 },
      { file: "write-side.ts", in: "types", mutated: "true", replacement: "false", nth: 3 },
      { file: "write-side.ts", in: "types", mutated: "true", replacement: "false", nth: 4 },
    ],
  },
  {
    verdict: "accepted",
    because:
      "Given, for the demo: without it a booking goes on with the saga's next look, later and not otherwise.",
    mutants: [
      {
        file: "composition.ts",
        in: "wakeBookings",
        mutated: "{ await pool.query(`notify ${eventsChannel}`); }",
        replacement: "{}",
      },
      {
        file: "composition.ts",
        in: "wakeBookings",
        mutated: "`notify ${eventsChannel}`",
        replacement: "``",
      },
    ],
  },
  {
    verdict: "accepted",
    because: "A sentence for people, of which a client looks at the code.",
    mutants: [
      {
        file: "answers.ts",
        in: "refusalOf",
        mutated: '"This command id was used for another command: make a new one for each."',
        replacement: '""',
      },
    ],
  },
];
