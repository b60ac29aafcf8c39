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
    caughtBy: [],
    whatItCostsInProduction: "",
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
    caughtBy: [],
    whatItCostsInProduction: "",
  },
  {
    id: "takes-0-for-any",
    title: "takes the version 0 for no expectation at all",
    file: "compare-and-append.ts",
    find: `        expected === "any",
`,
    replace: `        !expected || expected === "any",
`,
    caughtBy: [],
    whatItCostsInProduction: "",
  },
  {
    id: "accepts-a-future-version",
    title: "appends for a writer who has read a version that is not there yet",
    file: "compare-and-append.ts",
    find: "version = coalesce($6::bigint, version)",
    replace: "version <= coalesce($6::bigint, version)",
    caughtBy: [],
    whatItCostsInProduction: "",
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
    caughtBy: [],
    whatItCostsInProduction: "",
  },
  {
    id: "refuses-any-in-a-race",
    title:
      "counts on from what was there before the wait, for a writer to whom any version is right",
    file: "compare-and-append.ts",
    find: "set version = stream.version + excluded.version",
    replace: `set version = excluded.version +
                      (select max(version) from events where stream_id = $1)`,
    caughtBy: [],
    whatItCostsInProduction: "",
  },
  {
    id: "swallows-other-violations",
    title: "takes every unique violation for an event that is stored already",
    file: "compare-and-append.ts",
    find: `if (isUniqueViolation(error, "events_event_id_key")) return undefined;`,
    replace: `if (error instanceof pg.DatabaseError && error.code === "23505") return undefined;`,
    caughtBy: [],
    whatItCostsInProduction: "",
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
    caughtBy: [],
    whatItCostsInProduction: "",
  },
  {
    id: "tries-the-same-events-again",
    title: "appends the same events at the version of the winner, without deciding anew",
    file: "event-store.ts",
    find: "      throw new ConcurrencyConflict(streamId, expectedVersion, actual);\n",
    replace: "      expectedVersion = actual;\n",
    caughtBy: [],
    whatItCostsInProduction: "",
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
    caughtBy: [],
    whatItCostsInProduction: "",
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
    caughtBy: [],
    whatItCostsInProduction: "",
  },
  {
    id: "rounds-the-position",
    title: "answers a repeat with a position that went through a number",
    file: "earlier-append.ts",
    find: "position: BigInt(last.position)",
    replace: "position: BigInt(Number(last.position))",
    caughtBy: [],
    whatItCostsInProduction: "",
  },
  {
    id: "plans-each-append-anew",
    title: "sends the statement without a name, so that it is planned each time",
    file: "compare-and-append.ts",
    find: `      name: "append-to-stream",
`,
    replace: "",
    caughtBy: [],
    whatItCostsInProduction: "",
  },
];
