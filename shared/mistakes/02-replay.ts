/** Mistakes in the replay: one event too many, one too few, or a history that was none. */

import type { Mistake } from "./mistake.ts";

export const replayMistakes: readonly Mistake[] = [
  {
    id: "forgets-where-it-went-on",
    title: "goes on from an earlier state, but counts its versions from 0",
    file: "replay.ts",
    find: "let { state, version } = from;",
    replace: "let { state } = from;\n  let version = startOfHistory.version;",
    caughtBy: [
      "a replay › goes on from where an earlier one ended",
      "a history that is none › is refused where it does not fit the state that it continues",
      "an explained history › has one entry for each event, in order",
      "an explained history › says what each event changed, and nothing that stayed as it was",
      "an explained history › has an entry without changes for an event that changed nothing",
      "an explained history › is refused where it has a fault",
      "an explained history › may be read only once",
      "the laws of replay › replaying in two parts equals replaying at once, at every cut",
      "the laws of replay › what the events changed, put together, equals the state",
      "the laws of replay › replaying twice gives the same answers, on any two computers",
    ],
    whatItCostsInProduction:
      "A nightly job went on from yesterday's states and refused the first event of each of 8,000 active reservations. The morning's arrivals list was the one of the day before, and 37 guests were told that they had no room.",
  },
  {
    id: "stops-one-event-too-late",
    title: "looks whether it has come far enough one event too late",
    file: "replay.ts",
    find: `      yield event;
      if (event.version >= version) return;`,
    replace: `      yield event;
      if (event.version > version) return;`,
    caughtBy: [
      "the state at a version › holds the event of that version, and none after it",
      "the state at a version › reads no event after it, so that the past of a long stream is cheap",
      "the laws of replay › the state at a version equals the replay of the events up to it",
    ],
    whatItCostsInProduction:
      "A clerk asked for the state at version 3, before the change of price, and read out the price after it. The chain paid 190 guests the difference that it had itself announced to them.",
  },
  {
    id: "includes-the-moment-itself",
    title: "takes what was recorded at the moment for what was known before it",
    file: "replay.ts",
    find: "if (toMilliseconds(event.recordedAt) >= end) return;",
    replace: "if (toMilliseconds(event.recordedAt) > end) return;",
    caughtBy: [
      "the state before a moment › holds what was recorded before it, and not what was recorded at it",
      "the state before a moment › is the same however the moment is written",
      "the state before a moment › ends at the first event that came too late, also when a clock stepped back after it",
      "the state before a moment › reads no event after that one",
      "the laws of replay › the state before a moment equals that at the last version before the first later event",
    ],
    whatItCostsInProduction:
      "January's report took in what was recorded at midnight on 1 February, and so did February's. A job of that very second had confirmed 1,204 reservations, and the year's revenue was 288,000 euros too high.",
  },
  {
    id: "folds-over-a-gap",
    title: "folds what comes, and does not notice that an event is missing",
    file: "replay.ts",
    find: `  if (event.version > expected) {
    throw new InvalidHistory("gap", streamId, expected, event.version);
  }
`,
    replace: "",
    caughtBy: [
      "a history that is none › is refused when an event is missing, also the first",
      "a history that is none › is refused where it does not fit the state that it continues",
      "a history that is none › is refused at the first fault, and read no further",
      "the state at a version › is refused where the history up to there has a fault",
      "the state before a moment › is refused where the history up to there has a fault",
      "an explained history › is refused where it has a fault",
      "the laws of replay › a history without one of its events, or with one twice, is refused at that place",
    ],
    whatItCostsInProduction:
      "A restored backup lacked one event in each of 1,140 streams, and every one of them replayed without a word. 96 guests stood before doors that somebody else had the key for, because the event that was missing was the cancellation.",
  },
  {
    id: "shares-the-initial-state",
    title: "starts each replay from one object, and writes into it",
    file: "replay.ts",
    find: `    state = evolve(state, event);
    version = event.version;
  }
  return { state, version };`,
    replace: `    state = Object.assign(state, evolve(state, event));
    version = event.version;
  }
  return Object.assign(from, { state, version });`,
    caughtBy: [
      "a replay › of no events is the start of history",
      "a replay › leaves no trace in the next one",
      "the laws of replay › replaying in two parts equals replaying at once, at every cut",
    ],
    amongOthers: true,
    whatItCostsInProduction:
      "The second reservation that a process replayed began as a copy of the first, with another guest's name and stay in it. A guest read the name and address of a stranger on the bill, and the report to the data protection office was due within 72 hours.",
  },
  {
    id: "sorts-by-time",
    title: "puts the events into the order of the clocks before it folds them",
    file: "replay.ts",
    find: `  for (const event of history) {
    streamId ??= event.streamId;`,
    replace: `  const byTime = [...history].sort((a, b) => a.recordedAt.localeCompare(b.recordedAt));
  for (const event of byTime) {
    streamId ??= event.streamId;`,
    caughtBy: [
      "a replay › takes the events in the order of their versions, whatever the clocks said",
      "a history that is none › is refused when an event comes twice, or too late",
      "a history that is none › is refused at the first fault, and read no further",
      "the laws of replay › replaying in two parts equals replaying at once, at every cut",
      "the laws of replay › the state at a version equals the replay of the events up to it",
      "the laws of replay › the state before a moment equals that at the last version before the first later event",
      "the laws of replay › a history without one of its events, or with one twice, is refused at that place",
      "the laws of replay › replaying twice gives the same answers, on any two computers",
    ],
    whatItCostsInProduction:
      "One of four servers had a clock that was 40 seconds slow, so confirmations moved before the creation and fell on the floor. The desk released 58 rooms as never confirmed, on a Saturday, at 18:00.",
  },
  {
    id: "mixes-streams",
    title: "trusts that whoever calls has read one stream",
    file: "replay.ts",
    find: `  if (event.streamId !== streamId) {
    throw new InvalidHistory("foreign-event", streamId, expected, event.version);
  }
`,
    replace: "",
    caughtBy: [
      "a history that is none › is refused when an event belongs to another stream",
      "a history that is none › is refused for the stream of an event before its version is looked at",
      "a history that is none › is refused where it does not fit the state that it continues",
      "an explained history › is refused where it has a fault",
    ],
    whatItCostsInProduction:
      "A query without its `where` fed two reservations into one replay, and the second guest's cancellation cancelled the first one's stay. It came out in week three, after 17 such complaints from people who did not know each other.",
  },
  {
    id: "asks-for-the-version-first",
    title: "compares the version of an event before it asks of which stream it is",
    edits: [
      {
        file: "replay.ts",
        find: `  if (event.streamId !== streamId) {
    throw new InvalidHistory("foreign-event", streamId, expected, event.version);
  }
  if (event.version > expected) {`,
        replace: "  if (event.version > expected) {",
      },
      {
        file: "replay.ts",
        find: `    throw new InvalidHistory("duplicate", streamId, expected, event.version);
  }
`,
        replace: `    throw new InvalidHistory("duplicate", streamId, expected, event.version);
  }
  if (event.streamId !== streamId) {
    throw new InvalidHistory("foreign-event", streamId, expected, event.version);
  }
`,
      },
    ],
    caughtBy: [
      "a history that is none › is refused for the stream of an event before its version is looked at",
    ],
    whatItCostsInProduction:
      "A query without its `where` read two streams as one, and the alarm said: a gap. Two people restored backups over a weekend to find an event that had never been missing, while the query went on to refuse 400 guests an hour.",
  },
  {
    id: "compares-moments-as-text",
    title: "compares two moments as texts, letter by letter",
    edits: [
      {
        file: "replay.ts",
        find: "  const end = toMilliseconds(time);\n",
        replace: "  toMilliseconds(time);\n",
      },
      {
        file: "replay.ts",
        find: "if (toMilliseconds(event.recordedAt) >= end) return;",
        replace: "if (event.recordedAt >= time) return;",
      },
    ],
    caughtBy: ["the state before a moment › is the same however the moment is written"],
    whatItCostsInProduction:
      "The partner's system wrote `12:00:01Z` where ours wrote `12:00:01.000Z`, and as a text the dot comes before the Z. Every reconciliation with that partner found about 20 reservations too many, and two people searched for them by hand, each month, for a year.",
  },
  {
    id: "compares-with-the-first-state",
    title: "explains each event by what has changed since the beginning",
    file: "replay.ts",
    find: "differences(before.state, after.state)",
    replace: "differences(startOfHistory.state, after.state)",
    caughtBy: [
      "an explained history › says what each event changed, and nothing that stayed as it was",
      "an explained history › has an entry without changes for an event that changed nothing",
      "the laws of replay › what the events changed, put together, equals the state",
    ],
    whatItCostsInProduction:
      "The audit showed, for each event, all that had changed since the beginning, and made the last clerk the author of every line. Somebody was about to be dismissed for a discount of 2,300 euros that had been given a year before she came.",
  },
];
