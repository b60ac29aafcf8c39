/** Mistakes with old events: rows that are touched, guessed, counted wrong, or read by one reader only. */

import type { Mistake } from "./mistake.ts";

export const versioningMistakes: readonly Mistake[] = [
  {
    id: "edits-the-stored-event",
    title: "renames the field inside the event that it was given",
    file: "upcasters.ts",
    find: `  const { hotel: hotelId, ...others } = stored.data;
  return [{ type: "ReservationCreated", schemaVersion: 2, data: { ...others, hotelId } }];`,
    replace: `  const data = stored.data as unknown as ReservationCreatedV2["data"] & { hotel?: string };
  Object.assign(data, { hotelId: data.hotel });
  delete data.hotel;
  return [{ type: "ReservationCreated", schemaVersion: 2, data }];`,
    caughtBy: [
      "an old event, one version newer › leaves the stored event as it was",
      "a stored event in today's words › leaves the row as it was",
      "the laws of versioning › a history of the first release replays as the same history written today",
      "the laws of versioning › a history of which each row is of another release does so, too",
      "the laws of versioning › the order in which the links are listed plays no part",
      "the laws of versioning › replaying in two parts equals replaying at once, at every cut between two rows",
      "the laws of versioning › any two computers read the same events, whatever their clocks say",
    ],
    whatItCostsInProduction:
      "A cache handed the same event to two readers. The second found schemaVersion 1 without a `hotel`, and 640 reservations moved to a hotel called undefined; a repair script then wrote the cached events back over the rows.",
  },
  {
    id: "asks-the-clock-for-a-default",
    title: "takes the time of the replay for the time of an old cancellation",
    file: "upcasters.ts",
    find: "cancelledAt: recordedAt };",
    replace: "cancelledAt: new Date().toISOString() };",
    caughtBy: [
      "the history of the first release › replays reservation-1 to what it always was",
      "the history of the first release › replays reservation-4 to what it always was",
      "an old event, one version newer › that lacks a field gets it from what is stored, the same at any time",
      "the laws of versioning › a history of the first release replays as the same history written today",
      "the laws of versioning › a history of which each row is of another release does so, too",
      "the laws of versioning › replaying in two parts equals replaying at once, at every cut between two rows",
      "the laws of versioning › any two computers read the same events, whatever their clocks say",
    ],
    perhapsAlso: ["the laws of versioning › the order in which the links are listed plays no part"],
    whatItCostsInProduction:
      "Whoever cancels within 24 hours pays nothing, and 412 cancellations of 2028 were now never older than the last restart of the server. The chain paid back 61,000 euros until a clerk saw one that was dated tomorrow, by a server whose clock was wrong.",
  },
  {
    id: "takes-the-streams-version-for-the-shapes",
    title: "looks the link up by the event's version in its stream",
    file: "upcast.ts",
    find: "const link = linkOf(chain, type, schemaVersion);",
    replace: "const link = linkOf(chain, type, stored.version);",
    caughtBy: [
      "a replay of stored rows › folds both events of a row, and counts the row",
      "a replay of stored rows › goes on from where an earlier one ended",
      "a replay of stored rows › refuses rows that are no history, as step 02 does",
      "a replay of stored rows › ends at the version at which the store takes the next event",
      "a replay of stored rows › stops at a row of newer code, and guesses no state",
      "the history of the first release › replays reservation-1 to what it always was",
      "the history of the first release › replays reservation-2 to what it always was",
      "the history of the first release › replays reservation-3 to what it always was",
      "the history of the first release › replays reservation-4 to what it always was",
      "the history of the first release › stays in the store as it is, however often it is read",
      "a stored event in today's words › has gone through all links from its shape to today's",
      "a stored event in today's words › begins at its own shape, wherever in the chain that is",
      "a stored event in today's words › is two events where it was split, and both are of today",
      "a stored event in today's words › has the id, the version and all else that the store says of its row, also where it was split",
      "a stored event in today's words › goes by its schemaVersion, whatever its version in the stream",
      "a stored event in today's words › is the same in whatever order the links are listed",
      "a stored event in today's words › leaves the row as it was",
      "a stored event that nobody here knows › is refused when newer code has written it",
      "the laws of versioning › a history of the first release replays as the same history written today",
      "the laws of versioning › a history of which each row is of another release does so, too",
      "the laws of versioning › upcasting what was upcast changes nothing",
      "the laws of versioning › the order in which the links are listed plays no part",
      "the laws of versioning › replaying in two parts equals replaying at once, at every cut between two rows",
      "the laws of versioning › any two computers read the same events, whatever their clocks say",
    ],
    amongOthers: true,
    whatItCostsInProduction:
      "All tests had streams of one event, where both numbers are 1. In production every second change of stay was refused as a shape from the future, on the Monday after the release, in 9,000 streams.",
  },
  {
    id: "raises-the-streams-version",
    title: "counts the version of the envelope up where the shape gets a newer one",
    file: "upcast.ts",
    find: "{ ...stored, ...next }",
    replace: "{ ...stored, ...next, version: stored.version + 1 }",
    caughtBy: [
      "a replay of stored rows › folds both events of a row, and counts the row",
      "a replay of stored rows › goes on from where an earlier one ended",
      "a replay of stored rows › refuses rows that are no history, as step 02 does",
      "a replay of stored rows › ends at the version at which the store takes the next event",
      "a replay of stored rows › stops at a row of newer code, and guesses no state",
      "the history of the first release › replays reservation-1 to what it always was",
      "the history of the first release › replays reservation-2 to what it always was",
      "the history of the first release › replays reservation-3 to what it always was",
      "the history of the first release › replays reservation-4 to what it always was",
      "the history of the first release › stays in the store as it is, however often it is read",
      "a stored event in today's words › has the id, the version and all else that the store says of its row, also where it was split",
      "a stored event in today's words › goes by its schemaVersion, whatever its version in the stream",
      "the laws of versioning › a history of the first release replays as the same history written today",
      "the laws of versioning › a history of which each row is of another release does so, too",
      "the laws of versioning › replaying in two parts equals replaying at once, at every cut between two rows",
    ],
    amongOthers: true,
    whatItCostsInProduction:
      "An event of version 1 came out as version 3, the replay complained of a gap, and somebody made it ignore gaps. Two months later a backup that really had gaps went through, with 1,140 bills.",
  },
  {
    id: "drops-what-it-does-not-know",
    title: "writes down the fields that the newer shape has, and no others",
    file: "upcasters.ts",
    find: `  const { data } = stored;
  const total = inMinorUnits(data.total);
  return [{ type: "StayChanged", schemaVersion: 2, data: { ...data, total } }];`,
    replace: `  const { reservationId, from, to, changedAt } = stored.data;
  const total = inMinorUnits(stored.data.total);
  return [
    { type: "StayChanged", schemaVersion: 2, data: { reservationId, from, to, total, changedAt } },
  ];`,
    caughtBy: ["an old event, one version newer › keeps what no type knows: StayChanged 1"],
    whatItCostsInProduction:
      "Who had changed a stay stood in a field that the types had forgotten. It was in every row and in no report, and in a lawsuit about 18 moved weddings the chain said that it did not know.",
  },
  {
    id: "lets-the-fold-know-every-shape",
    title: "leaves a change of stay as it is stored, because the fold can handle all its versions",
    file: "replay-stored.ts",
    find: "    for (const event of upcast(row)) {",
    replace: `    // Each version of it has \`to\` and \`total\`, and that is all that evolve looks at.
    const known = row as ReturnType<typeof upcast>[number];
    for (const event of row.type === "StayChanged" ? [known] : upcast(row)) {`,
    caughtBy: [
      "a replay of stored rows › folds both events of a row, and counts the row",
      "a replay of stored rows › stops at a row of newer code, and guesses no state",
      "the history of the first release › replays reservation-1 to what it always was",
      "the history of the first release › replays reservation-2 to what it always was",
      "the laws of versioning › a history of the first release replays as the same history written today",
      "the laws of versioning › a history of which each row is of another release does so, too",
    ],
    whatItCostsInProduction:
      "Four readers had four switches over type and version, and each had forgotten another case. The invoice folded 193.05 as cents: 2,200 stays were billed at one hundredth, and the read model beside it showed the right price.",
  },
  {
    id: "goes-up-one-version-only",
    title: "applies one link, and takes what comes out for today's shape",
    file: "upcast.ts",
    find: "return link(stored).flatMap((next) => upcastAlong(chain, { ...stored, ...next }));",
    replace:
      "return link(stored).map((next) => ({ ...stored, ...next }) as EventEnvelope<ReservationEvent>);",
    caughtBy: [
      "the history of the first release › replays reservation-1 to what it always was",
      "the history of the first release › replays reservation-2 to what it always was",
      "the history of the first release › replays reservation-3 to what it always was",
      "the history of the first release › replays reservation-4 to what it always was",
      "a stored event in today's words › has gone through all links from its shape to today's",
      "a stored event in today's words › is two events where it was split, and both are of today",
      "a stored event in today's words › is the same in whatever order the links are listed",
      "the laws of versioning › a history of the first release replays as the same history written today",
      "the laws of versioning › a history of which each row is of another release does so, too",
      "the laws of versioning › upcasting what was upcast changes nothing",
      "the laws of versioning › the order in which the links are listed plays no part",
    ],
    amongOthers: true,
    whatItCostsInProduction:
      "It was right as long as there were two versions. With the third, all rows of the first release stopped half-way, with prices in euros in a field for cents, and 5,300 totals were too small by a factor of 100.",
  },
  {
    id: "walks-the-links-as-listed",
    title: "walks once through the list of links, and applies those that fit on the way",
    file: "upcast.ts",
    find: "  return link(stored).flatMap((next) => upcastAlong(chain, { ...stored, ...next }));",
    replace: `  let events: readonly EventEnvelope[] = [stored];
  for (const name of Object.keys(chain)) {
    events = events.flatMap((event) => {
      const fits = name === \`\${event.type} \${event.schemaVersion}\`;
      const next = fits ? linkOf(chain, event.type, event.schemaVersion) : undefined;
      return next ? next(event).map((newer) => ({ ...event, ...newer })) : [event];
    });
  }
  return events as readonly EventEnvelope<ReservationEvent>[];`,
    caughtBy: [
      "the history of the first release › replays reservation-1 to what it always was",
      "the history of the first release › replays reservation-2 to what it always was",
      "the history of the first release › replays reservation-3 to what it always was",
      "the history of the first release › replays reservation-4 to what it always was",
      "a stored event in today's words › has gone through all links from its shape to today's",
      "a stored event in today's words › is two events where it was split, and both are of today",
      "a stored event in today's words › is the same in whatever order the links are listed",
      "the laws of versioning › a history of the first release replays as the same history written today",
      "the laws of versioning › a history of which each row is of another release does so, too",
      "the laws of versioning › upcasting what was upcast changes nothing",
      "the laws of versioning › the order in which the links are listed plays no part",
    ],
    amongOthers: true,
    whatItCostsInProduction:
      "The list was in the right order until a formatter sorted it by name. Every row of the first release then stopped at the second shape, and the arrivals board of 14 hotels was empty at six in the morning.",
  },
  {
    id: "reads-the-future-as-today",
    title: "takes a shape that it does not know for the newest that it knows",
    file: "upcast.ts",
    find: "  if (!link) throw new UnknownSchemaVersion(type, schemaVersion, newest);",
    replace: `  if (!link && schemaVersion < newest) throw new UnknownSchemaVersion(type, schemaVersion, newest);
  if (!link) return [stored as EventEnvelope<ReservationEvent>];`,
    caughtBy: [
      "a replay of stored rows › stops at a row of newer code, and guesses no state",
      "a stored event that nobody here knows › is refused when newer code has written it",
    ],
    whatItCostsInProduction:
      "A deployment was rolled back after 20 minutes, and the old code read what the new code had written: a total that was an array by now. NaN went into 230 decisions, and the decisions are events.",
  },
  {
    id: "numbers-the-events-anew",
    title: "gives the events of a split row versions of their own",
    file: "replay-stored.ts",
    find: `    const { version } = replayed;
    for (const event of upcast(row)) {
      replayed = replay([event], { state: replayed.state, version });
    }`,
    replace: `    for (const event of upcast(row)) {
      replayed = replay([{ ...event, version: replayed.version + 1 }], replayed);
    }`,
    caughtBy: [
      "a replay of stored rows › folds both events of a row, and counts the row",
      "a replay of stored rows › goes on from where an earlier one ended",
      "a replay of stored rows › refuses rows that are no history, as step 02 does",
      "a replay of stored rows › ends at the version at which the store takes the next event",
      "the history of the first release › replays reservation-1 to what it always was",
      "the history of the first release › replays reservation-3 to what it always was",
      "the laws of versioning › replaying in two parts equals replaying at once, at every cut between two rows",
    ],
    whatItCostsInProduction:
      "A stream of three rows had four events, so each command expected version 4 and the store was at 3: a conflict, a retry, a conflict. Nobody could change or cancel any of the 3,100 reservations that had been booked by telephone.",
    seenIn: "https://github.com/eventflow/EventFlow/issues/917",
  },
  {
    id: "refuses-the-second-half",
    title: "replays the events of a row as if each had a row of its own",
    file: "replay-stored.ts",
    find: `    const { version } = replayed;
    for (const event of upcast(row)) {
      replayed = replay([event], { state: replayed.state, version });
    }`,
    replace: "    replayed = replay(upcast(row), replayed);",
    caughtBy: [
      "a replay of stored rows › folds both events of a row, and counts the row",
      "a replay of stored rows › goes on from where an earlier one ended",
      "a replay of stored rows › refuses rows that are no history, as step 02 does",
      "a replay of stored rows › ends at the version at which the store takes the next event",
      "a replay of stored rows › stops at a row of newer code, and guesses no state",
      "the history of the first release › replays reservation-1 to what it always was",
      "the history of the first release › replays reservation-3 to what it always was",
      "the history of the first release › stays in the store as it is, however often it is read",
      "the laws of versioning › a history of the first release replays as the same history written today",
      "the laws of versioning › a history of which each row is of another release does so, too",
      "the laws of versioning › replaying in two parts equals replaying at once, at every cut between two rows",
    ],
    amongOthers: true,
    whatItCostsInProduction:
      "Both halves of a telephone booking had version 1, and the second was refused as a duplicate. So somebody filtered duplicates out, the confirmation with them, and the desk gave 190 confirmed rooms to others.",
  },
  {
    id: "cuts-cents-off",
    title: "cuts off what is behind the cent where euros become minor units",
    file: "upcasters.ts",
    find: "const amount = Math.round(euros * 100);",
    replace: "const amount = Math.trunc(euros * 100);",
    caughtBy: [
      "an old event, one version newer › has its prices in minor units",
      "an old event, one version newer › has every cent of 0.29 euros: 29",
      "an old event, one version newer › has every cent of 64.35 euros: 6435",
      "a stored event in today's words › is two events where it was split, and both are of today",
      "the laws of versioning › a history of the first release replays as the same history written today",
      "the laws of versioning › a history of which each row is of another release does so, too",
    ],
    whatItCostsInProduction:
      "64.35 times 100 is 6434.999999999999, and a cent was gone. It was one price in twenty and 1,870 euros in all, and the auditor did not sign until every one of the 187,000 cents had been explained.",
  },
];
