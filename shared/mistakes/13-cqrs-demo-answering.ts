/** Mistakes in the resolvers: between the system and its clients. */

import type { Mistake } from "./mistake.ts";

const resolving = ["resolvers.test.ts", "subscription.test.ts"];

export const demoAnsweringMistakes: readonly Mistake[] = [
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
    id: "offers-a-page-behind-the-last",
    title: "takes a full page for a sign that another one follows",
    file: "resolvers.ts",
    find: "  return { nodes: reservations, next: next ? toPageCursor(next) : null };\n",
    replace:
      "  const last = reservations.length === first ? reservations.at(-1) : undefined;\n  const end = last && { arrival: last.stay.arrival, reservationId: last.reservationId };\n  return { nodes: reservations, next: end ? toPageCursor(end) : null };\n",
    triedBy: resolving,
    caughtBy: [
      "a page of reservations › is the last one where nothing comes behind it, also when it is full",
    ],
    whatItCostsInProduction:
      "Pages of 20, and every twentieth list ended in `next` and an empty page. A partner's job took an empty page for a failure and began from the front: on such days it sent 4,000 requests instead of 40.",
    seenIn: "https://github.com/workfloworchestrator/orchestrator-core/issues/1137",
  },
  {
    id: "begins-anew-after-an-empty-cursor",
    title: "takes an empty cursor for none, and answers with the first page",
    file: "resolvers.ts",
    find: `typeof after === "string" ? { after: fromPageCursor(after) } : {}`,
    replace: "after ? { after: fromPageCursor(after) } : {}",
    triedBy: resolving,
    caughtBy: ["a page of reservations › after a cursor that is an empty text is refused"],
    whatItCostsInProduction:
      "A job kept its cursor in a file, and a full disk left the file empty. It copied the first 100 reservations for a whole night, 61,000 times, and reported success each time.",
    seenIn: "https://github.com/MCPJam/inspector/pull/4462",
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
      "the answer to a command › is none where our own code is wrong: that is thrown, to be masked and logged",
      "the answer to a command › is none where the database has gone: that is thrown, to be masked and logged",
      "the answer to a command › is none where the database refuses a statement: that is thrown, to be masked and logged",
    ],
    whatItCostsInProduction:
      "The database's address was read by guests, and by somebody who wrote it down. And because it came as a refusal, clients did not send the command again: 60 bookings of that minute were given up.",
  },
  {
    id: "takes-every-code-for-a-refusal",
    title: "answers each error that has a code with this code and its message",
    file: "resolvers.ts",
    find: "    if (refusal) return refusal;",
    replace:
      '    if (refusal) return refusal;\n    if (error instanceof Error && "code" in error) {\n      return { __typename: "CommandRefused", code: String(error.code), message: error.message, field: null };\n    }',
    triedBy: resolving,
    caughtBy: [
      "the answer to a command › is none where the database has gone: that is thrown, to be masked and logged",
      "the answer to a command › is none where the database refuses a statement: that is thrown, to be masked and logged",
    ],
    whatItCostsInProduction:
      "Node's errors have a code, and PostgreSQL's have one, too: in the 12 minutes of a failover 900 guests read `ECONNREFUSED 10.0.0.7:5432`. Their pages took it for the domain's no, and sent nothing again.",
    seenIn: "https://github.com/Giveth/impact-graph/issues/430",
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
    id: "waits-as-long-as-it-likes",
    title: "waits for the read model as long as it is used to, whatever it was told",
    file: "resolvers.ts",
    find: "waitForVersion(readModel, streamId, version, { timeout })",
    replace: "waitForVersion(readModel, streamId, version)",
    triedBy: resolving,
    caughtBy: ["an answer with the read model's row › comes no later than the time that was given"],
    whatItCostsInProduction:
      "The projector stood still, and operations set the wait to 50 ms so that the pages stayed quick. Each mutation went on waiting for two seconds, 400 requests hung at the same time, and the balancer took the API for dead.",
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
    id: "forgets-how-far-it-is",
    title: "reads each page behind the place where the subscription has begun",
    file: "resolvers.ts",
    find: "      last = committed.checkpoint;\n",
    replace: "",
    triedBy: resolving,
    caughtBy: [
      "a subscription to all events › gets what there is and what comes, each once and in order",
      "a subscription to all events › reads page after page, and waits only where there is none",
      "a subscription to all events › takes one bell, however much it reads",
      "a subscription to all events › gets what is stored between its look and its wait",
      "a subscription to all events › gets what is stored before its first look is over",
      "a subscription to all events › begins behind a cursor",
    ],
    whatItCostsInProduction:
      "A partner's import got the first hundred events of the year 9,000 times in ten minutes, and nothing of what came behind them. Its disk was full at 06:20, and each subscriber that came back to us had sent 4 GB by then.",
  },
  {
    id: "looks-without-a-wait",
    title: "looks for the next events at once, where it should wait for the bell",
    file: "resolvers.ts",
    find: "    if (page.length === 0) await waitForWork(bell, patience);\n",
    replace: "",
    triedBy: resolving,
    caughtBy: [
      "a subscription to all events › waits at the bell where there is nothing to read",
      "a subscription to all events › takes one bell, however much it reads",
      "a subscription to all events › ends when its reader has left",
    ],
    whatItCostsInProduction:
      "Each of 300 boards asked the database as fast as it could answer: 11,000 queries a second in a night without an arrival. A confirmation took 900 ms until somebody counted, and a bigger database was on order.",
  },
  {
    id: "waits-behind-each-page",
    title: "waits for the bell after each page, and not only where there is nothing to read",
    file: "resolvers.ts",
    find: "    if (page.length === 0) await waitForWork(bell, patience);\n",
    replace: "    await waitForWork(bell, patience);\n",
    triedBy: resolving,
    caughtBy: [
      "a subscription to all events › reads page after page, and waits only where there is none",
    ],
    whatItCostsInProduction:
      "The bell rings once a second when nothing happens, and so a subscriber that came back caught up by 100 events a second. A data team connected anew after a weekend with 9 million events behind it: it would have been up to date in 25 hours, and it was cut off each night at four.",
  },
  {
    id: "takes-a-bell-for-each-look",
    title: "takes a new bell before each read, where one would do for the whole subscription",
    edits: [
      { file: "resolvers.ts", find: "  const bell = storedBell(signal);\n", replace: "" },
      {
        file: "resolvers.ts",
        find: "    const page = await readAfter(last);\n",
        replace: "    const bell = storedBell(signal);\n    const page = await readAfter(last);\n",
      },
    ],
    triedBy: resolving,
    caughtBy: ["a subscription to all events › takes one bell, however much it reads"],
    whatItCostsInProduction:
      "A bell is given back when its subscription ends, and the board in the lobby never ends its own. After nine days each event rang 2 million bells, an append took 800 ms until it was seen, and a restart mended it for another nine days.",
  },
  {
    id: "takes-a-failed-read-for-no-news",
    title: "goes on as if nothing had been stored when the store cannot be read",
    file: "resolvers.ts",
    find: "await readAfter(last)",
    replace: "await readAfter(last).catch(() => [])",
    triedBy: resolving,
    caughtBy: ["a subscription to all events › ends with the error when the store cannot be read"],
    whatItCostsInProduction:
      "A certificate had run out, every read failed, and 80 boards showed `connected` above the arrivals of 08:15. Had the subscriptions ended, the boards would have said so in a second: it was noticed at 11:00, by a guest.",
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
