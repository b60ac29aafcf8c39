/** Mistakes in the write side, where the parts of five steps are joined. */

import type { Mistake } from "./mistake.ts";

const writing = [
  "write-side-stamping.test.ts",
  "write-side-rows.test.ts",
  "write-side-commands.test.ts",
];

export const demoWritingMistakes: readonly Mistake[] = [
  {
    id: "stores-todays-shape-as-the-first",
    title: "appends today's shapes with the schemaVersion of the first release",
    file: "write-side.ts",
    find: "isOfReservation(event) ? withTodaysVersion(event) : event",
    replace: "event",
    triedBy: writing,
    caughtBy: [
      "a store that says which shape it is given › stamps the events of a reservation with today's schemaVersion",
    ],
    whatItCostsInProduction:
      "On the day on which the upcasters went live they took 12000 cents for 12000 euros, in each of 80,000 reservations of that summer. The read model showed prices of 1.2 million, and all that was wrong in the store was a number beside the data.",
  },
  {
    id: "trusts-a-snapshot-by-its-version",
    title: "goes on from a snapshot when the version fits, whatever event it ends with",
    file: "write-side.ts",
    find: "else if (row.id === from.eventId) folded = from;",
    replace: "else if (row.version === from.version) folded = from;",
    triedBy: writing,
    caughtBy: [
      "the rows of a reservation › do not go on from a snapshot of something that has not happened here",
      "the rows of a reservation › are all read when the snapshot is not believed, or its table is not there",
    ],
    whatItCostsInProduction:
      "A backup of yesterday was restored, and the table of snapshots was not. For 300 reservations commands were decided on a future that no longer was, and stored.",
  },
  {
    id: "believes-a-snapshot-of-the-future",
    title: "goes on from a snapshot when nothing lies behind it, also where its own event is gone",
    file: "write-side.ts",
    find: "  return folded;\n",
    replace: "  return folded ?? from;\n",
    triedBy: writing,
    caughtBy: ["the rows of a reservation › do not go on from a snapshot that is ahead of them"],
    whatItCostsInProduction:
      "The events were set back by four hours, the snapshots were not, and 190 reservations were loaded at versions that no longer existed. Each append at such a version was a conflict, tried five times and given up: nobody could cancel those 190, until the table of snapshots was emptied on the third day.",
  },
  {
    id: "refuses-what-it-has-done",
    title: "answers the second delivery of a command by deciding it again",
    file: "write-side.ts",
    find: "if (earlier) return earlier;",
    replace: "",
    triedBy: writing,
    caughtBy: [
      "a command to a reservation › that comes a second time is answered as it was the first time",
      "a command to a reservation › that comes a second time is known behind a snapshot, too",
      "a command to a reservation › that expects the version it was decided at is repeated all the same",
    ],
    whatItCostsInProduction:
      "A tablet in the garden lost its answer, sent the creation again, and was told that the reservation exists. The guests tried once more under another id: 40 families had two rooms, and paid for both.",
  },
  {
    id: "hears-no-expectation",
    title: "ignores which version the client has seen",
    file: "write-side.ts",
    find: "requireVersion(loaded, expectedVersion);",
    replace: "",
    triedBy: writing,
    caughtBy: [
      "a command to a reservation › that expects another version is a conflict, and is not tried again",
      "a command to a reservation › that expects another version is a conflict, also where the domain would refuse it",
    ],
    whatItCostsInProduction:
      "Two agents had the same booking on their screens, and one cancelled what she saw as unpaid a minute after the other had taken the payment. The API had a field for exactly that, and nobody read it.",
  },
  {
    id: "asks-first-whether-it-came-before",
    title: "reads the whole stream before each command, to see whether it came before",
    file: "write-side.ts",
    find: "  const loaded = await load(side, streamId);\n",
    replace:
      "  const before = await earlierAnswer(side.store, streamId, envelope.id);\n  if (before) return before;\n  const loaded = await load(side, streamId);\n",
    triedBy: writing,
    caughtBy: [
      "a command to a reservation › is decided on a snapshot and what lies behind it, and nothing else is read",
      "a command to a reservation › that could not be stored fails at once, and the stream is not read once more",
    ],
    whatItCostsInProduction:
      "A corporate booking with 40,000 events took 600 ms a command, as it had before there were snapshots. The team raised the number of connections twice before somebody counted the rows: 39,990 of them were read for a question whose answer is no in 999 of 1,000 commands.",
  },
  {
    id: "answers-with-what-it-decided",
    title:
      "answers a repeated append with the events that it has decided, and not with those that are stored",
    file: "write-side.ts",
    find: "      if (!appended.repeated) return { ...appended, events };\n",
    replace: "      return { ...appended, events };\n",
    triedBy: writing,
    caughtBy: [
      "a command to a reservation › that comes twice at the same moment is answered with what was stored",
    ],
    whatItCostsInProduction:
      "A double click sent two confirmations in the same 20 ms, and the page showed the time of the second, which is in no stream. An invoice carried it, and over a year 75 guests asked why their mail and their invoice differed by a minute.",
  },
  {
    id: "refuses-before-it-compares",
    title: "decides first, and only then looks at the version that the client has seen",
    file: "write-side.ts",
    find: "    requireVersion(loaded, expectedVersion);\n    const events = newEvents(envelope, decide(envelope.command, loaded.state));\n",
    replace:
      "    const events = newEvents(envelope, decide(envelope.command, loaded.state));\n    requireVersion(loaded, expectedVersion);\n",
    triedBy: writing,
    caughtBy: [
      "a command to a reservation › that expects another version is a conflict, also where the domain would refuse it",
    ],
    whatItCostsInProduction:
      "The page loads anew on a Conflict, and shows a refusal as it is: `a cancelled reservation cannot be moved`, below one that it still showed as confirmed. The desk took it for a fault of the page: 30 tickets a week, and each was closed with `press F5`.",
  },
];
