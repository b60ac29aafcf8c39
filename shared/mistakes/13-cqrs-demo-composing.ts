/** Mistakes in the composition root: between the parts of the system. */

import type { Mistake } from "./mistake.ts";

const composing = ["composition.test.ts"];
/** Slow: each of its tests starts systems. */
const wholeSystems = ["system.test.ts"];

export const demoComposingMistakes: readonly Mistake[] = [
  {
    id: "shows-old-rows-to-new-code",
    title: "projects rows as they lie in the store, without upcasting them",
    file: "composition.ts",
    find: "projection.apply(db, rows.filter(isOurs).flatMap(upcast))",
    replace: "projection.apply(db, rows.filter(isOurs) as never)",
    triedBy: composing,
    caughtBy: [
      "a projection for all rows › gets old rows in today's words, what was one row in one call",
      "a projection for all rows › gets a batch of rows as one batch",
      "a projection for all rows › refuses a row that nobody knows",
    ],
    whatItCostsInProduction:
      "The read model was built anew for the first time in three years, and stopped at its first row: ReservationBooked, which no code knew any more. The page was empty from 02:10 to 09:40.",
  },
  {
    id: "leaves-out-what-it-does-not-know",
    title: "projects the types of events that it knows, and passes over all others",
    file: "composition.ts",
    find: "const isOurs = (row: EventEnvelope): boolean => !belongsToBookings(row);",
    replace:
      "const isOurs = ({ type }: EventEnvelope): boolean =>\n    /^(Reservation(Booked|Created|Confirmed|Cancelled)|StayChanged)$/.test(type);",
    triedBy: composing,
    caughtBy: ["a projection for all rows › refuses a row that nobody knows"],
    whatItCostsInProduction:
      "For 50 minutes of a deployment new writers stood beside old projectors, and 1,300 upgrades were passed over as if they were done with. Nothing was red, nothing came again, and guests with a paid suite were given the double that the page showed.",
  },
  {
    id: "applies-a-batch-row-by-row",
    title: "hands the rows of a batch to the projection one after the other",
    file: "composition.ts",
    find: "    apply: (db, rows) => projection.apply(db, rows.filter(isOurs).flatMap(upcast)),\n",
    replace:
      "    apply: async (db, rows) => {\n      for (const row of rows.filter(isOurs)) await projection.apply(db, upcast(row));\n    },\n",
    triedBy: composing,
    caughtBy: ["a projection for all rows › gets a batch of rows as one batch"],
    whatItCostsInProduction:
      "Version 3 of the projection wrote a thousand rows with one statement, and was measured at 4 minutes for the whole store. Behind this wrapper each row was a statement of its own: the read model was built anew for 6 hours, and the evening's swap was called off twice.",
  },
  {
    id: "forgets-the-side-effect",
    title: "makes a new projection of the parts that it needs, and leaves out the side effect",
    file: "composition.ts",
    find: "    ...projection,\n",
    replace: "    version: projection.version,\n    tables: projection.tables,\n",
    triedBy: composing,
    caughtBy: ["a projection for all rows › is the same projection otherwise"],
    whatItCostsInProduction:
      "Confirmations were still projected, and no mail was sent any more. It took eleven days and 5,200 reservations until a guest said that she had never got one.",
  },
  {
    id: "leaves-parts-running",
    title: "gives up a start that has failed and leaves running what had started",
    file: "composition.ts",
    find: "    await stop();\n    throw error;",
    replace: "    throw error;",
    triedBy: composing,
    caughtBy: [
      "parts that are started › leave nothing running beside one whose start throws",
      "parts that are started › leave nothing running beside one that fails",
      "parts that are started › leave nothing running beside one that is never ready",
    ],
    whatItCostsInProduction:
      "The deployment failed, was rolled back, and looked clean. The relay of the new version had kept the lock and went on publishing in a shape that the old subscribers parked: 9,000 messages by the morning.",
  },
  {
    id: "stops-all-at-once",
    title: "stops all parts at the same moment, whoever still feeds another",
    file: "composition.ts",
    find: "for (const part of running) await part.stop();",
    replace: "await Promise.all(running.map((part) => part.stop()));",
    triedBy: composing,
    caughtBy: ["parts that are started › end one after the other, in the order of the flow"],
    whatItCostsInProduction:
      "Each deployment left some 300 events between the parts. Nothing was lost, but the board showed the evening's state for half an hour, and the desk had learned to mistrust it.",
  },
  {
    id: "sends-bookings-past-the-write-side",
    title: "lets the saga confirm reservations by step 05's handler, which knows no old rows",
    edits: [
      {
        file: "composition.ts",
        find: `import type pg from "pg";`,
        replace: `import type pg from "pg";\nimport { handleCommand } from "../05-command-handlers/command-handler.ts";`,
      },
      {
        file: "composition.ts",
        find: "startSagaPart(servers, store, now, watch, handle)",
        replace:
          "startSagaPart(servers, store, now, watch, (envelope) => handleCommand(store, envelope))",
      },
    ],
    triedBy: ["old-reservations.test.ts"],
    caughtBy: [
      "a booking for an old reservation › is decided on what its rows say today, and comes to its end",
    ],
    whatItCostsInProduction:
      "Every booking of a reservation from before the migration was parked with UnknownEventType. 220 of them waited for a person, and the guests had been charged.",
  },
  {
    id: "waits-for-one-part-after-the-other",
    title: "waits until the first part is ready before it looks at the second",
    edits: [
      {
        file: "composition.ts",
        find: "    await Promise.all(\n      running.map(({ name, ready }) => within(",
        replace: "    for (const { name, ready } of running) {\n      await within(",
      },
      {
        file: "composition.ts",
        find: " is not ready`, ready)),\n    );\n",
        replace: " is not ready`, ready);\n    }\n",
      },
    ],
    triedBy: composing,
    caughtBy: ["parts that are started › give up with the first that fails, and wait for no other"],
    whatItCostsInProduction:
      "The saga failed within 10 ms because of a typing error in its settings, and nobody listened yet: an unhandled rejection ended the process with a stack of Node's own. On the other days the log said `The relay is not ready after 15 s`, and two people looked for the fault in the broker until midnight.",
  },
  {
    id: "knows-the-first-version-only",
    title: "starts the projector with the first version of the projection, and no other",
    file: "composition.ts",
    find: "const projections = knownProjections();",
    replace: "const projections = knownProjections().slice(0, 1);",
    triedBy: wholeSystems,
    caughtBy: [
      "the system, put together › goes on projecting when another version of the read model has gone live",
    ],
    whatItCostsInProduction:
      "The new read model was swapped in at 03:00, as planned without a restart, and from then on no projector knew it: UnknownProjection, 18,000 times. The pages showed the state of 03:00 until the first person came to work, and 700 events were parked.",
  },
  {
    id: "brings-a-clock-of-its-own",
    title: "has bookings time out by the machine's clock instead of the one that it was given",
    file: "composition.ts",
    find: "startSagaPart(servers, store, now, watch, handle)",
    replace: "startSagaPart(servers, store, () => new Date().toISOString(), watch, handle)",
    triedBy: wholeSystems,
    caughtBy: [
      "the system, put together › ends a booking whose time is over by the clock that it was given",
    ],
    whatItCostsInProduction:
      "All other code took the time from one place, and so the clock of one machine, 20 minutes fast, was noticed by nobody. Its saga ended each booking before the guest had typed in the card: 340 of them on a Saturday, and it moved with the leader from machine to machine.",
  },
  {
    id: "lets-nobody-watch",
    title: "starts relay and saga without the watch that measures and logs",
    edits: [
      {
        file: "composition.ts",
        find: "startRelayPart(servers, watch)",
        replace: "startRelayPart(servers, {})",
      },
      {
        file: "composition.ts",
        find: "startSagaPart(servers, store, now, watch, handle)",
        replace: "startSagaPart(servers, store, now, {}, handle)",
      },
    ],
    triedBy: wholeSystems,
    caughtBy: ["the system, put together › tells who watches of each event on its way"],
    whatItCostsInProduction:
      "The relay had lost its broker at 14:10 and told nobody: its log was empty, as on a good day. The alarm came at 15:40 from the partner who got no events, and 90 minutes had to be put together from the database.",
  },
];
