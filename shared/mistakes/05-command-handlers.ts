/** Mistakes on the write path: a command that has its effect twice, or never, or upon old news. */

import type { Mistake } from "./mistake.ts";

export const commandHandlerMistakes: readonly Mistake[] = [
  {
    id: "retries-whatever-failed",
    title: "tries again what the domain has refused",
    file: "command-handler.ts",
    find: "if (!(error instanceof ConcurrencyConflict) || attempts >= maxAttempts) throw error;",
    replace: "if (attempts >= maxAttempts) throw error;",
    caughtBy: [],
    whatItCostsInProduction:
      "Each refusal was asked for five times, with up to 150 ms between, and the answer was no each time. On the day of a sale 11,000 guests tried a room that was gone, and the 55,000 loads kept those out who had one in their basket.",
  },
  {
    id: "retries-for-ever",
    title: "tries again for as long as there are conflicts",
    file: "command-handler.ts",
    find: "if (!(error instanceof ConcurrencyConflict) || attempts >= maxAttempts) throw error;",
    replace: "if (!(error instanceof ConcurrencyConflict)) throw error;",
    caughtBy: [],
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
    caughtBy: [],
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
    caughtBy: [],
    whatItCostsInProduction:
      "With one process it saved 4 ms a command; with the second one each held its own truth. Every other command met a conflict, five times in a row, and 9 % of the day's changes ended in `please try again later`.",
  },
  {
    id: "appends-at-any-version",
    title: "appends whatever happened since the load",
    file: "command-handler.ts",
    find: "await store.append(streamId, events, version);",
    replace: `await store.append(streamId, events, "any");`,
    caughtBy: [],
    whatItCostsInProduction:
      "No command ever failed again, and the team celebrated. A month later 640 reservations were both cancelled and confirmed afterwards, and 45 of the guests had come.",
  },
  {
    id: "decides-a-repeat-again",
    title: "decides a command that comes a second time once more",
    file: "command-handler.ts",
    find: "  if (earlier.length > 0) return earlierAnswer(streamId, earlier);\n",
    replace: "",
    caughtBy: [],
    whatItCostsInProduction:
      "The queue delivered a confirmation again after the guest had cancelled, and the payment heard `reservation-cancelled` for what had been confirmed in time. 120 payments hung for a week, neither kept nor given back.",
  },
  {
    id: "answers-with-its-own-decision",
    title: "answers with what it decided, where a faster delivery had stored something else",
    file: "command-handler.ts",
    find: "  if (!appended.repeated) return { ...appended, events };\n",
    replace: "  return { ...appended, events };\n",
    caughtBy: [],
    whatItCostsInProduction:
      "The app showed the stay that this process had decided on, and the store held the one of the other. Of 30 such guests a month each had a screenshot that proved the hotel wrong.",
  },
  {
    id: "waits-in-step",
    title: "waits as long as everybody else who has collided",
    file: "back-off.ts",
    find: "return random() * limit;",
    replace: "return limit;",
    caughtBy: [],
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
    caughtBy: [],
    whatItCostsInProduction:
      "One click led to seven commands, and the log showed seven requests of nobody. Finding out why a guest was charged twice took an afternoon each time, and there were two such guests a week.",
  },
  {
    id: "appends-nothing",
    title: "appends an empty batch where nothing was decided",
    file: "command-handler.ts",
    find: "  if (events.length === 0) return { streamId, version, events, repeated: false };\n",
    replace: "",
    caughtBy: [],
    whatItCostsInProduction:
      "Whoever confirmed what was confirmed got an error 500, `events is an empty batch`, instead of a friendly nothing. The app tried again for an hour each time, and 2 % of the phones did little else.",
  },
];
