/** What may survive in step 12. */

import type { Excuse } from "../survivor.ts";

export const sagaSurvivors: readonly Excuse[] = [
  {
    verdict: "accepted",
    because: "No value has the type never: these lines are for the compiler, which runs no tests.",
    mutants: [
      {
        file: "booking-command.ts",
        in: "commandIn",
        mutated: "default: return event satisfies never;",
        replacement: "default:",
      },
      {
        file: "booking-saga.ts",
        in: "evolve",
        mutated: "default: return event satisfies never;",
        replacement: "default:",
      },
      {
        file: "hotel.ts",
        in: "evolve",
        mutated: "default: return event satisfies never;",
        replacement: "default:",
      },
    ],
  },
  {
    verdict: "accepted",
    because: "What an event before the first one does is nobody's promise: no history has one.",
    mutants: [
      {
        file: "booking-saga.ts",
        in: "evolve",
        mutated: 'state.status === "none"',
        replacement: "false",
      },
      { file: "booking-saga.ts", in: "evolve", mutated: '"none"', replacement: '""' },
      { file: "hotel.ts", in: "evolve", mutated: 'state.status === "none"', replacement: "false" },
      { file: "hotel.ts", in: "evolve", mutated: '"none"', replacement: '""' },
    ],
  },
  {
    verdict: "accepted",
    because: "What is parked or at its end is not parked again: react asks for it in no history.",
    mutants: [
      {
        file: "booking-saga.ts",
        in: "evolve",
        mutated: 'state.status === "cancelled" || state.status === "parked"',
        replacement: "false",
      },
      {
        file: "booking-saga.ts",
        in: "evolve",
        mutated: 'state.status === "cancelled" || state.status === "parked"',
        replacement: 'state.status === "cancelled" && state.status === "parked"',
      },
      {
        file: "booking-saga.ts",
        in: "evolve",
        mutated: 'state.status === "cancelled"',
        replacement: "false",
      },
      { file: "booking-saga.ts", in: "evolve", mutated: '"cancelled"', replacement: '""', nth: 2 },
      {
        file: "booking-saga.ts",
        in: "evolve",
        mutated: 'state.status === "parked"',
        replacement: "false",
      },
      { file: "booking-saga.ts", in: "evolve", mutated: '"parked"', replacement: '""' },
    ],
  },
  {
    verdict: "accepted",
    because:
      "On the way there nobody reads a reason; the page shows it, as it shows all of a state.",
    mutants: [
      { file: "booking-saga.ts", in: "evolve", mutated: '""', replacement: '"Stryker was here!"' },
      {
        file: "booking-saga.ts",
        in: "evolve",
        mutated: '""',
        replacement: '"Stryker was here!"',
        nth: 2,
      },
      {
        file: "booking-saga.ts",
        in: "evolve",
        mutated: '""',
        replacement: '"Stryker was here!"',
        nth: 3,
      },
      {
        file: "booking-saga.ts",
        in: "evolve",
        mutated: '""',
        replacement: '"Stryker was here!"',
        nth: 4,
      },
    ],
  },
  {
    verdict: "equivalent",
    because:
      "Nothing is asked for by a booking that is cancelled, whatever comes: goForward, goBack and deadEnd have no case for it.",
    mutants: [{ file: "booking-saga.ts", in: "react", mutated: '"cancelled"', replacement: '""' }],
  },
  {
    verdict: "accepted",
    because:
      "By another name it reacts to nothing, too; the page shows it, as it shows all of a state.",
    mutants: [{ file: "booking-saga.ts", in: "evolve", mutated: '"cancelled"', replacement: '""' }],
  },
  {
    verdict: "equivalent",
    because:
      "Of the other inputs that name a command NothingToDo is goForward's there, and CommandFailed deadEnd's.",
    mutants: [
      {
        file: "booking-saga.ts",
        in: "goBack",
        mutated: 'input.type !== "CommandRefused"',
        replacement: "false",
      },
    ],
  },
  {
    verdict: "equivalent",
    because: "No other status begins, or ends, with one of these words.",
    mutants: [
      {
        file: "booking-saga.ts",
        in: "deadEnd",
        mutated: "/^(charging|holding|confirming|booked)$/",
        replacement: "/(charging|holding|confirming|booked)$/",
      },
      {
        file: "booking-saga.ts",
        in: "deadEnd",
        mutated: "/^(charging|holding|confirming|booked)$/",
        replacement: "/^(charging|holding|confirming|booked)/",
      },
    ],
  },
  {
    verdict: "equivalent",
    because: "A booking that is booked awaits no command, so no command is the awaited one.",
    mutants: [
      {
        file: "booking-saga.ts",
        in: "deadEnd",
        mutated: 'state.status === "booked"',
        replacement: "false",
      },
      { file: "booking-saga.ts", in: "deadEnd", mutated: '"booked"', replacement: '""' },
    ],
  },
  {
    verdict: "equivalent",
    because:
      "The text is held against dates, letter by letter, and what stands behind a date's last letter comes too late to count.",
    mutants: [
      {
        file: "hotel.ts",
        in: "nightsOf",
        mutated: "new Date(first + night * 86_400_000).toISOString().slice(0, 10)",
        replacement: "new Date(first + night * 86_400_000).toISOString()",
      },
    ],
  },
  {
    verdict: "accepted",
    because:
      "It writes where the checkpoint stands already: one statement more for each batch that ends with an event of a booking.",
    mutants: [
      {
        file: "dispatcher.ts",
        in: "dispatchAll",
        mutated: "from.position === last.checkpoint.position",
        replacement: "false",
      },
    ],
  },
  {
    verdict: "equivalent",
    because: "An insert that updates on a conflict answers with exactly one row.",
    mutants: [
      {
        file: "dispatcher.ts",
        in: "sendOrGiveUp",
        mutated: "rows[0]?.attempts",
        replacement: "rows[0].attempts",
      },
    ],
  },
];
