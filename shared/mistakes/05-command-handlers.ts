/** Mistakes on the write path: a command that has its effect twice, or never, or upon old news. */

import type { Mistake } from "./mistake.ts";

export const commandHandlerMistakes: readonly Mistake[] = [
  {
    id: "retries-whatever-failed",
    title: "tries again what the domain has refused",
    file: "command-handler.ts",
    find: "if (!(error instanceof ConcurrencyConflict) || attempts >= maxAttempts) throw error;",
    replace: "if (attempts >= maxAttempts) throw error;",
    caughtBy: [
      "handling a command › never tries again what the domain has refused",
      "handling a command › never tries again what failed for another reason",
      "handling a command › whose answer was lost is harmless to send again",
      "commands on one stream › in any interleaving end in the state of some serial order, and replay proves which",
    ],
    whatItCostsInProduction:
      "Each refusal was asked for five times, with up to 150 ms between, and the answer was no each time. On the day of a sale 11,000 guests tried a room that was gone, and the 55,000 loads kept those out who had one in their basket.",
  },
  {
    id: "retries-for-ever",
    title: "tries again for as long as there are conflicts",
    file: "command-handler.ts",
    find: "if (!(error instanceof ConcurrencyConflict) || attempts >= maxAttempts) throw error;",
    replace: "if (!(error instanceof ConcurrencyConflict)) throw error;",
    caughtBy: [
      "handling a command › gives up after five attempts, and hands the conflict on",
      "handling a command › gives up after as many attempts as the caller wants",
    ],
    whatItCostsInProduction:
      "A channel manager wrote one stream 50 times a second, and a confirmation behind it never had its turn, and never gave up. After six minutes all 200 workers were in that loop, and the site answered nobody.",
  },
  {
    id: "makes-new-ids-each-time",
    title: "gives the events random ids, which differ on each delivery",
    edits: [
      {
        file: "command-handler.ts",
        find: `import { setTimeout as delay } from "node:timers/promises";
`,
        replace: `import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
`,
      },
      {
        file: "command-handler.ts",
        find: "id: eventId(id, index),",
        replace: "id: randomUUID(),",
      },
    ],
    caughtBy: [
      "a command that comes a second time › while the first is on its way gets the answer of the one that was faster",
      "a command that comes a second time › for another reservation is refused: its id names one command only",
      "the events of a command › get the same ids on every delivery",
    ],
    whatItCostsInProduction:
      "The store could no longer tell a repeat from a new decision, so the slower of two deliveries heard of a conflict with itself. 3 in 1,000 payments were reported as failed that had gone through, and 70 guests a day paid again.",
  },
  {
    id: "keeps-the-aggregate-in-memory",
    title: "keeps a reservation in memory from one command to the next",
    edits: [
      {
        file: "repository.ts",
        find: `  const earlier: EventEnvelope<ReservationEvent>[] = [];
`,
        replace: `  const kept = cache.get(streamId);
  if (kept) return kept;
  const earlier: EventEnvelope<ReservationEvent>[] = [];
`,
      },
      {
        file: "repository.ts",
        find: "  return { state: replayed.state, version: replayed.version, earlier };\n",
        replace: `  const loaded = { state: replayed.state, version: replayed.version, earlier };
  cache.set(streamId, loaded);
  return loaded;
`,
      },
      {
        file: "repository.ts",
        find: "/** The event as one of a reservation,",
        replace: `const cache = new Map<string, Loaded>();

/** The event as one of a reservation,`,
      },
    ],
    caughtBy: [
      "loading a reservation › reads what is stored now, not what it has read before",
      "handling a command › that somebody else overtakes decides anew, with the new fact in sight",
    ],
    amongOthers: true,
    whatItCostsInProduction:
      "With one process it saved 4 ms a command; with the second one each held its own truth. Every other command met a conflict, five times in a row, and 9 % of the day's changes ended in `please try again later`.",
  },
  {
    id: "appends-at-any-version",
    title: "appends whatever happened since the load",
    file: "command-handler.ts",
    find: "await store.append(streamId, events, version);",
    replace: `await store.append(streamId, events, "any");`,
    caughtBy: [
      "one attempt at a command › that somebody else overtakes is a conflict, and writes nothing",
      "handling a command › that somebody else overtakes decides anew, with the new fact in sight",
      "handling a command › may be refused when it decides anew",
      "handling a command › waits after each conflict, as backoffDelay says",
      "handling a command › gives up after five attempts, and hands the conflict on",
      "handling a command › gives up after as many attempts as the caller wants",

      "commands on one stream › in any interleaving end in the state of some serial order, and replay proves which",
      "commands on one stream › delivered any number of times, with answers lost, have the effect of one delivery",
    ],
    perhapsAlso: [
      "handling commands on PostgreSQL › lets four guests' changes of one stream all through, one after the other",
    ],
    whatItCostsInProduction:
      "No command ever failed again, and the team celebrated. A month later 640 reservations were both cancelled and confirmed afterwards, and 45 of the guests had come.",
  },
  {
    id: "decides-a-repeat-again",
    title: "decides a command that comes a second time once more",
    file: "command-handler.ts",
    find: "  if (earlier.length > 0) return earlierAnswer(streamId, earlier);\n",
    replace: "",
    caughtBy: [
      "a command that comes a second time › gets the answer of the first, and writes nothing",
      "a command that comes a second time › gets it even where deciding now would be refused",
      "handling a command › whose answer was lost is harmless to send again",
    ],
    // Only where one delivery reads what another has appended already: which does is up to the server.
    perhapsAlso: [
      "handling commands on PostgreSQL › stores a command once that is delivered five times at once",
    ],
    whatItCostsInProduction:
      "The queue delivered a confirmation again after the guest had cancelled, and the payment heard `reservation-cancelled` for what had been confirmed in time. 120 payments hung for a week, neither kept nor given back.",
  },
  {
    id: "answers-with-its-own-decision",
    title: "answers with what it decided, where a faster delivery had stored something else",
    file: "command-handler.ts",
    find: "  if (!appended.repeated) return { ...appended, events };\n",
    replace: "  return { ...appended, events };\n",
    caughtBy: [
      "a command that comes a second time › while the first is on its way gets the answer of the one that was faster",
    ],
    whatItCostsInProduction:
      "The app showed the stay that this process had decided on, and the store held the one of the other. Of 30 such guests a month each had a screenshot that proved the hotel wrong.",
  },
  {
    id: "waits-in-step",
    title: "waits as long as everybody else who has collided",
    file: "back-off.ts",
    find: "return random() * limit;",
    replace: "return limit;",
    caughtBy: [
      "the wait before the next attempt › is any part of that, by chance",
      "the wait before the next attempt › is never longer than the limit",
      "handling a command › waits after each conflict, as backoffDelay says",
    ],
    whatItCostsInProduction:
      "Forty phones that had collided once met again after 10 ms, after 20 ms and after 40 ms, like a choir. 31 of them gave up, and the one room that was free stayed free.",
    seenIn: "https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/",
  },
  {
    id: "loses-the-correlation",
    title: "begins a correlation of its own for every command",
    file: "command-handler.ts",
    find: "    correlationId,\n",
    replace: "    correlationId: id,\n",
    caughtBy: [
      "one attempt at a command › stores its ids beside the event",
      "the events of a command › name the command, what it belongs to, and what caused it",
    ],
    whatItCostsInProduction:
      "One click led to seven commands, and the log showed seven requests of nobody. Finding out why a guest was charged twice took an afternoon each time, and there were two such guests a week.",
  },
  {
    id: "appends-nothing",
    title: "appends an empty batch where nothing was decided",
    file: "command-handler.ts",
    find: "  if (events.length === 0) return { streamId, version, events, repeated: false };\n",
    replace: "",
    caughtBy: [
      "one attempt at a command › that decides nothing appends nothing",
      "commands on one stream › in any interleaving end in the state of some serial order, and replay proves which",
      "commands on one stream › delivered any number of times, with answers lost, have the effect of one delivery",
    ],
    whatItCostsInProduction:
      "Whoever confirmed what was confirmed got an error 500, `events is an empty batch`, instead of a friendly nothing. The app tried again for an hour each time, and 2 % of the phones did little else.",
  },
  {
    id: "keeps-the-first-event-of-a-command",
    title: "looks for the first event that the command has stored before, and for no other",
    file: "repository.ts",
    find: "if (commandId !== undefined && event.metadata.commandId === commandId) earlier.push(event);",
    replace: `if (
      commandId !== undefined &&
      event.metadata.commandId === commandId &&
      earlier.length === 0
    ) {
      earlier.push(event);
    }`,
    caughtBy: [
      "loading a reservation › picks out all of them, where the command has decided more than one",
    ],
    whatItCostsInProduction:
      "It was right for two years, until a late checkout became the first command that decides two events. Each phone that asked again was told the version of the first, waited for a read model to get there, and showed 140 guests a departure before the one that they had paid for.",
  },
];
