/** Mistakes of two who write at once: somebody's decision is lost, or half of it is kept. */

import type { Mistake } from "./mistake.ts";

export const concurrencyMistakes: readonly Mistake[] = [
  {
    id: "checks-then-acts",
    title: "looks at the version first, and then appends without a condition",
    edits: [
      {
        file: "compare-and-append.ts",
        find: `import { batchAsJson } from "./batch.ts";
`,
        replace: `import { batchAsJson } from "./batch.ts";
import { isAsExpected } from "./expected-version.ts";
`,
      },
      {
        file: "compare-and-append.ts",
        find: `  const isOwnTransaction = db instanceof pg.Pool;
`,
        replace: `  const isOwnTransaction = db instanceof pg.Pool;
  const found = await db.query<{ version: number }>(
    "select version from streams where stream_id = $1",
    [streamId],
  );
  if (!isAsExpected(found.rows[0]?.version ?? 0, expected)) return undefined;
`,
      },
      {
        file: "compare-and-append.ts",
        find: `        mustExist,
        expected === "any",
        exactly,`,
        replace: `        false,
        true,
        null,`,
      },
    ],
    caughtBy: [
      "two appends at the same time › the second waits for the first, then compares: expecting 2 it writes nothing",
      "two appends at the same time › both start the stream: expecting 0 the second writes nothing",
      "two appends at the same time › both start the stream: expecting no-stream the second writes nothing",
      "the statement of an append › takes one round trip",
      "the statement of an append › is planned once: its statement has a name",
      "a conflict › is not looked for before something is in the way",
      "writers of one stream, in any interleaving › one wins each version, and the others learn what the version is",
      "writers of one stream, in any interleaving › who decides at a version is replayed at that version",
    ],
    whatItCostsInProduction:
      "An agent confirmed reservation 42 while its guest cancelled it; both looked, both saw version 3, both wrote. There were 212 such streams when somebody counted, and in 31 of them a guest stood at the desk at night.",
  },
  {
    id: "takes-the-highest-version",
    title: "works out the next version from max(version), and waits for nobody",
    file: "compare-and-append.ts",
    find: `      text: \`with moved as (
               update streams
                  set version = version + $3::integer
                where $4::boolean and stream_id = $1 and version = coalesce($6::bigint, version)
               returning version
             ), created as (
               insert into streams as stream (stream_id, version)
               select $1, $3 where not $4
                   on conflict (stream_id) do update
                  set version = stream.version + excluded.version
                where $5::boolean
               returning version
             ), stream as (
               select version from moved union all select version from created
             ), late as (`,
    replace: `      text: \`with highest as (
               select coalesce(max(version), 0) as version from events where stream_id = $1
             ), stream as (
               insert into streams (stream_id, version)
               select $1, version + $3::integer
                 from highest
                where $5::boolean
                   or version = $6::bigint
                   or ($6 is null and (version > 0) = $4::boolean)
                   on conflict (stream_id) do update
                  set version = excluded.version
               returning version
             ), late as (`,
    caughtBy: [
      "two appends at the same time › the second waits for the first, then compares: expecting 2 it writes nothing",
      "two appends at the same time › the second waits for the first, then compares: expecting stream-exists it goes on",
      "two appends at the same time › the second waits for the first, then compares: expecting any it goes on",
      "two appends at the same time › both start the stream: expecting 0 the second writes nothing",
      "two appends at the same time › both start the stream: expecting no-stream the second writes nothing",
      "two appends at the same time › both start the stream: expecting any the second goes on",
      "the same append from two senders at once › is stored once, and both hear so: no-stream",
      "the same append from two senders at once › is stored once, and both hear so: any",
    ],
    whatItCostsInProduction:
      "Both writers worked out version 4, the index stopped one of them, and the guest was shown `duplicate key value violates unique constraint`. Nobody loads and decides anew upon such an error, so one in 90 changes on busy evenings was simply lost.",
  },
  {
    id: "takes-0-for-any",
    title: "takes the version 0 for no expectation at all",
    file: "compare-and-append.ts",
    find: `        expected === "any",
`,
    replace: `        !expected || expected === "any",
`,
    caughtBy: [
      "an append that comes too late › writes nothing when it expects 0",
      "two appends at the same time › both start the stream: expecting 0 the second writes nothing",
      "a conflict › is left to the writer, who has to decide anew: nothing is tried again",
      "a conflict › leaves no connection behind",
      "an event store on PostgreSQL › an expected version › of 0 meets a stream at version 1: it is refused",
      "writers of one stream, in any interleaving › one wins each version, and the others learn what the version is",
      "any sequence of appends › ends alike in PostgreSQL and in memory",
    ],
    whatItCostsInProduction:
      "`if (expected)` is false for 0, so the second creation of a reservation was appended to the first. 18 reservations were created twice, by two guests, and each belonged to whoever a replay saw last.",
    seenIn: "https://github.com/CuatroElixir/spear/issues/69",
  },
  {
    id: "accepts-a-future-version",
    title: "appends for a writer who has read a version that is not there yet",
    file: "compare-and-append.ts",
    find: "version = coalesce($6::bigint, version)",
    replace: "version <= coalesce($6::bigint, version)",
    caughtBy: [
      "an append that comes too late › writes nothing when it expects a version that has not come",
      "an append that comes too late › writes nothing when it expects a version beyond the column's range",
      "an event store on PostgreSQL › an expected version › of 2 meets a stream at version 1: it is refused",
      "an event store on PostgreSQL › an expected version › of 3 meets a stream at version 1: it is refused",
      "writers of one stream, in any interleaving › one wins each version, and the others learn what the version is",
      "any sequence of appends › ends alike in PostgreSQL and in memory",
    ],
    whatItCostsInProduction:
      "A client with a bug said version 10 where the stream was at 7, and was believed. Whatever it had not seen was overruled, 400 times, before a support engineer asked how anyone can have read what is not written.",
    seenIn: "https://github.com/RailsEventStore/rails_event_store/issues/1760",
  },
  {
    id: "starts-what-must-exist",
    title: "starts a stream for a writer who is sure that it exists",
    edits: [
      {
        file: "compare-and-append.ts",
        find: `const mustExist = expected === "stream-exists" || (typeof expected === "number" && expected > 0);`,
        replace: `const mustExist = typeof expected === "number" && expected > 0;`,
      },
      {
        file: "compare-and-append.ts",
        find: `        expected === "any",
`,
        replace: `        expected === "any" || expected === "stream-exists",
`,
      },
    ],
    caughtBy: [
      "an append that comes too late › starts no stream when it expects stream-exists",
      "a conflict › is none when the stream comes to be as expected meanwhile: stream-exists",
      "an event store on PostgreSQL › an expected version › of stream-exists meets a stream at version 0: it is refused",
      "writers of one stream, in any interleaving › one wins each version, and the others learn what the version is",
      "any sequence of appends › ends alike in PostgreSQL and in memory",
    ],
    whatItCostsInProduction:
      "A cancellation with a mistyped id started a stream of its own, which began with a cancellation. 57 guests were charged for no-shows, with a friendly confirmation in their inbox that they had cancelled.",
  },
  {
    id: "refuses-any-in-a-race",
    title:
      "counts on from what was there before the wait, for a writer to whom any version is right",
    file: "compare-and-append.ts",
    find: "set version = stream.version + excluded.version",
    replace: `set version = excluded.version +
                      (select max(version) from events where stream_id = $1)`,
    caughtBy: [
      "two appends at the same time › the second waits for the first, then compares: expecting any it goes on",
      "two appends at the same time › both start the stream: expecting any the second goes on",
      "the same append from two senders at once › is stored once, and both hear so: any",
    ],
    whatItCostsInProduction:
      "Page views were appended with `any`, since no version is wrong for them; of ten at the same time eight were refused. The report of the campaign that cost 60,000 euros shows a fifth of the people whom it reached.",
    seenIn: "https://github.com/commanded/eventstore/issues/209",
  },
  {
    id: "swallows-other-violations",
    title: "takes every unique violation for an event that is stored already",
    file: "compare-and-append.ts",
    find: `if (isUniqueViolation(error, "events_event_id_key")) return undefined;`,
    replace: `if (error instanceof pg.DatabaseError && error.code === "23505") return undefined;`,
    caughtBy: [
      "a batch with an event that is stored already › is not taken for a row that another constraint refuses",
    ],
    whatItCostsInProduction:
      "Someone added a unique index on invoice numbers, and its violations came back as `stored already`. The loop that looks why found no reason and began again: one process made 2,300 statements a second for a whole weekend.",
  },
  {
    id: "writes-half-a-batch",
    title: "passes over the events that are stored already, and writes the others",
    file: "compare-and-append.ts",
    find: `              order by index
             returning`,
    replace: `              order by index
                 on conflict do nothing
             returning`,
    caughtBy: [
      "a batch with an event that is stored already › is not written, not even in part: in its stream",
      "a batch with an event that is stored already › is not written, not even in part: in another stream",
      "a batch with an event that is stored already › is not taken for a row that another constraint refuses",
      "the same append from two senders at once › is stored once, and both hear so: any",
      "the same append from two senders at once › is refused in another stream",
      "an event store on PostgreSQL › an append that is sent again › with a new event before it is refused",
      "an event store on PostgreSQL › an append that is sent again › with a new event after it is refused",
      "an event store on PostgreSQL › an append that is sent again › with a new event that has its id twice is refused",
      "any sequence of appends › ends alike in PostgreSQL and in memory",
    ],
    whatItCostsInProduction:
      "A batch of three met one event that was there already, and the other two were stored without it. The guest was charged, the room never booked, and the writer was told that all is well.",
  },
  {
    id: "tries-the-same-events-again",
    title: "appends the same events at the version of the winner, without deciding anew",
    file: "event-store.ts",
    find: "      throw new ConcurrencyConflict(streamId, expectedVersion, actual);\n",
    replace: "      expectedVersion = actual;\n",
    caughtBy: [
      "a conflict › is left to the writer, who has to decide anew: nothing is tried again",
      "a conflict › says what was expected and what is, and stores nothing",
      "writers of one stream, in any interleaving › who decides at a version is replayed at that version",
    ],
    amongOthers: true,
    whatItCostsInProduction:
      "On a conflict the cancellation was written behind the check-in that it had not seen. Nothing failed any more, and the 212 wrong streams became 1,900.",
  },
  {
    id: "reports-a-conflict-that-is-none",
    title: "throws a conflict where the stream has come to be as expected",
    file: "event-store.ts",
    find: `    if (!isAsExpected(actual, expectedVersion)) {
      throw new ConcurrencyConflict(streamId, expectedVersion, actual);
    }
`,
    replace: `    throw new ConcurrencyConflict(streamId, expectedVersion, actual);
`,
    caughtBy: [
      "a conflict › is none when the stream comes to be as expected meanwhile: stream-exists",
      "a conflict › is none when the stream comes to be as expected meanwhile: 1",
      "a conflict › is one again when the stream moves on meanwhile",
      "writers of one stream, in any interleaving › one wins each version, and the others learn what the version is",
    ],
    whatItCostsInProduction:
      "`Stream is at 1, expected was 1`, said the log, and an engineer lost two days over the riddle. The writers lost it each time: they loaded, found what they knew, decided the same, and counted it as one of five attempts.",
  },
  {
    id: "knows-a-repeat-by-its-first-event",
    title: "takes a batch for a repeat when its first event is stored",
    file: "earlier-append.ts",
    find: `  const isRepeat = ids.every((id, index) => {
    const event = stored[index];
    const version = first.version + index;
    return event?.id === id && event.streamId === streamId && event.version === version;
  });`,
    replace: "  const isRepeat = first.id === ids[0];",
    caughtBy: [
      "the same append twice › is refused when its events are stored otherwise: in another stream",
      "the same append twice › is refused when its events are stored otherwise: as a batch in another stream",
      "the same append twice › is refused when its events are stored otherwise: one is missing at the end",
      "the same append twice › is refused when its events are stored otherwise: with others between them",
      "the same append twice › is refused when its events are stored otherwise: one in each of two streams",
      "the same append from two senders at once › is refused in another stream",
      "an event store on PostgreSQL › an append that is sent again › into another stream is refused",
      "an event store on PostgreSQL › an append that is sent again › with a new event after it is refused",
      "any sequence of appends › ends alike in PostgreSQL and in memory",
    ],
    whatItCostsInProduction:
      "A batch that had grown by a ReservationConfirmed was answered `stored before`, because its first event was. 75 guests had a confirmation by e-mail, and the hotel had none.",
  },
  {
    id: "rounds-the-position",
    title: "answers a repeat with a position that went through a number",
    file: "earlier-append.ts",
    find: "position: BigInt(last.position)",
    replace: "position: BigInt(Number(last.position))",
    caughtBy: ["the same append twice › is recognised, with its version and its exact position"],
    whatItCostsInProduction:
      "A repeated append answered with position 9007199254740996 for the event at 9007199254740997. Its caller waited for the read model to reach its own event, saw the state before it, and 1 of 300 guests booked again.",
  },
  {
    id: "plans-each-append-anew",
    title: "sends the statement without a name, so that it is planned each time",
    file: "compare-and-append.ts",
    find: `      name: "append-to-stream",
`,
    replace: "",
    caughtBy: ["the statement of an append › is planned once: its statement has a name"],
    whatItCostsInProduction:
      "Each append was parsed and planned afresh, and the Friday evening needed a second database server where one had been enough. With a name the same hardware took 1.3 times the appends of one writer, and 1.9 times those of ten.",
  },
];
