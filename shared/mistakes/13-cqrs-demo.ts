/** Mistakes where everything meets: between the parts, and between the system and its clients. */

import type { Mistake } from "./mistake.ts";

const writing = ["write-side.test.ts"];
const composing = ["composition.test.ts"];
const resolving = ["resolvers.test.ts", "subscription.test.ts"];

export const cqrsDemoMistakes: readonly Mistake[] = [
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
    ],
    whatItCostsInProduction:
      "Two agents had the same booking on their screens, and one cancelled what she saw as unpaid a minute after the other had taken the payment. The API had a field for exactly that, and nobody read it.",
  },
  {
    id: "shows-old-rows-to-new-code",
    title: "projects rows as they lie in the store, without upcasting them",
    file: "composition.ts",
    find: "projection.apply(db, rows.filter(isOurs).flatMap(upcast))",
    replace: "projection.apply(db, rows.filter(isOurs) as never)",
    triedBy: composing,
    caughtBy: [
      "a projection for all rows › gets old rows in today's words, what was one row in one call",
    ],
    whatItCostsInProduction:
      "The read model was built anew for the first time in three years, and stopped at its first row: ReservationBooked, which no code knew any more. The page was empty from 02:10 to 09:40.",
  },
  {
    id: "leaves-parts-running",
    title: "gives up a start that has failed and leaves running what had started",
    file: "composition.ts",
    find: "    await stop();\n    throw error;",
    replace: "    throw error;",
    triedBy: composing,
    caughtBy: [
      "parts that are started › leave nothing running when one of them cannot start",
      "parts that are started › leave nothing running when one of them fails",
      "parts that are started › leave nothing running when one of them never",
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
    id: "asks-for-a-million",
    title: "hands the page's size to the database, whatever it is",
    file: "resolvers.ts",
    find: "  requirePage(first);\n  const from",
    replace: "  const from",
    triedBy: resolving,
    caughtBy: [
      "a page of reservations › of 0 is refused before the database is asked",
      "a page of reservations › of -1 is refused before the database is asked",
      "a page of reservations › of 101 is refused before the database is asked",
      "a page of reservations › of 1000000 is refused before the database is asked",
    ],
    whatItCostsInProduction:
      "A partner's night job asked for `first: 1000000`. The database read for 40 seconds, the process took 3 GB to print it, was ended by its limit, and began again, every minute until seven.",
  },
  {
    id: "notes-who-was-looked-at",
    title: "writes into the read model when somebody reads it",
    file: "resolvers.ts",
    find: "  const { reservations, next } = await listReservations(readModel, {",
    replace:
      '  await readModel.query("update reservations_view set updated_at = now() where guest_id = $1", [\n    filter.guestId ?? null,\n  ]);\n  const { reservations, next } = await listReservations(readModel, {',
    triedBy: resolving,
    caughtBy: ["a page of reservations › is read with nothing written, as every query is"],
    whatItCostsInProduction:
      "Queries were moved to a read replica, and every page of the site failed: one of them wrote a date. Before, it had made each rebuild differ from the live tables, and two people had looked for that for a week.",
  },
  {
    id: "tells-the-client-everything",
    title: "answers a fault of its own with the error's message",
    file: "resolvers.ts",
    find: "    if (refusal) return refusal;",
    replace:
      '    if (refusal) return refusal;\n    if (error instanceof Error && error.name === "Error") {\n      return { __typename: "CommandRefused", code: "failed", message: error.message, field: null };\n    }',
    triedBy: resolving,
    caughtBy: [
      "the answer to a command › is none where the fault is ours: that is thrown, to be masked and logged",
    ],
    whatItCostsInProduction:
      "The database's address was read by guests, and by somebody who wrote it down. And because it came as a refusal, clients did not send the command again: 60 bookings of that minute were given up.",
  },
  {
    id: "shows-the-row-of-before",
    title: "answers a mutation with the read model's row as it is in that moment",
    file: "resolvers.ts",
    find: "    await waitForVersion(readModel, streamId, version, { timeout });\n",
    replace: "",
    triedBy: resolving,
    caughtBy: [
      "an answer with the read model's row › waits until the row has the command's version",
      "an answer with the read model's row › says how far the read model is, when that does not come in time",
    ],
    whatItCostsInProduction:
      "The page said *confirmed* after each cancellation, for the 40 ms until the projection. Guests cancelled twice and called: 200 calls on the first Monday.",
  },
  {
    id: "takes-the-bell-after-its-look",
    title: "subscribes to the bell only when it has read what there was",
    edits: [
      {
        file: "resolvers.ts",
        find: "  const bell = storedBell(signal);\n",
        replace: "",
      },
      {
        file: "resolvers.ts",
        find: "await waitForWork(bell, patience);",
        replace: "await waitForWork(storedBell(signal), patience);",
      },
    ],
    triedBy: resolving,
    caughtBy: ["a subscription to all events › gets what is stored before its first look is over"],
    whatItCostsInProduction:
      "What came between the list and the stream was in neither: one arrival in 400 was not on the board, always in the busiest minutes. It came with the next event, which at night was an hour later.",
  },
  {
    id: "goes-on-behind-a-position",
    title: "reads all events by their position instead of in the order of their commits",
    file: "live.ts",
    find: "const read = readAllCommitted(pool, { after: place, limit: pageSize });",
    replace: `const read = (async () => {
        const page: CommittedEvent[] = [];
        for await (const event of postgresEventStore(pool).readAll({ after: place.position })) {
          page.push({ event, checkpoint: { transactionId: 1n, position: event.position } });
          if (page.length === pageSize) break;
        }
        return page;
      })();`,
    triedBy: resolving,
    caughtBy: ["a subscription to all events › misses nothing that commits late"],
    whatItCostsInProduction:
      "A transaction that took its position early and committed late was behind every subscriber already. It happened four times a day, and a page that is loaded again shows everything: nobody ever found it by hand.",
    seenIn: "https://github.com/event-driven-io/emmett/issues/336",
  },
];
