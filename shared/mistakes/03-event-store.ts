/** Mistakes in the event store: half a batch, an event twice, a value that comes back as another. */

import type { Mistake } from "./mistake.ts";

export const eventStoreMistakes: readonly Mistake[] = [
  {
    id: "inserts-without-a-transaction",
    title: "inserts the events of a batch one by one, each for itself",
    file: "event-store.ts",
    find: `    await client.query("begin");\n`,
    replace: "",
    caughtBy: [
      "an append that fails › leaves nothing of its batch, on a server with many connections",
    ],
    whatItCostsInProduction:
      "The database failed over between two inserts, and 17 reservations kept a StayChanged without the PriceChanged that belonged to it. Finance found them at the end of the quarter, one guest at a time.",
  },
  {
    id: "begins-on-the-pool",
    title: "sends begin and commit to the pool, which has ten connections",
    edits: [
      {
        file: "event-store.ts",
        find: `await client.query("begin");`,
        replace: `await pool.query("begin");`,
      },
      {
        file: "event-store.ts",
        find: `await client.query("commit");`,
        replace: `await pool.query("commit");`,
      },
      {
        file: "event-store.ts",
        find: `await client.query("rollback")`,
        replace: `await pool.query("rollback")`,
      },
    ],
    caughtBy: [
      "an append that fails › leaves nothing of its batch, on a server with many connections",
      "an append that fails › gives its connection back, ready for the next",
      "an append that fails › does not take the process with it when the database goes away",
    ],
    whatItCostsInProduction:
      "In tests, with one request at a time, every statement met the same connection; on Black Friday `begin` ran on one and the inserts on nine others. 340 batches were stored in part, and 12 idle transactions kept vacuum from the table until the disk was full.",
    seenIn: "https://github.com/brianc/node-postgres/issues/155",
  },
  {
    id: "does-not-wait-for-the-commit",
    title: "answers as soon as the commit is sent",
    file: "event-store.ts",
    find: `await client.query("commit");`,
    replace: `void client.query("commit");`,
    caughtBy: ["an append › is answered when the database has answered all of it"],
    perhapsAlso: [
      "an append that fails › gives its connection back, ready for the next",
      "an append that fails › does not take the process with it when the database goes away",
    ],
    whatItCostsInProduction:
      "The answer was 2 ms faster. At a failover in July, 61 guests had a confirmation on their phone and no reservation in the store, for the commit behind it had never been heard.",
  },
  {
    id: "forgets-the-rollback",
    title: "gives a connection back in the middle of a transaction that failed",
    file: "event-store.ts",
    find: `    await client.query("rollback").catch((failure: Error) => {
      broken = failure;
    });
`,
    replace: "",
    caughtBy: ["an append that fails › gives its connection back, ready for the next"],
    // Where the pool has not heard yet that the connection is lost, it lends it again.
    perhapsAlso: [
      "an append that fails › does not take the process with it when the database goes away",
    ],
    whatItCostsInProduction:
      "One guest's duplicate booking poisoned one of ten connections, and every tenth request of anybody else failed with `current transaction is aborted`. It took four hours to see that the error and its cause were two different guests.",
  },
  {
    id: "falls-with-its-connection",
    title: "does not listen to the error of the connection that it holds",
    file: "event-store.ts",
    find: `  client.on("error", ignore);\n`,
    replace: "",
    caughtBy: [
      "an append that fails › does not take the process with it when the database goes away",
    ],
    whatItCostsInProduction:
      "The database failed over in 9 seconds, as it had been tested. All 14 servers that were storing a booking at that moment ended with `Unhandled 'error' event`, and came back together, to a database that was not warm yet: 11 minutes without a booking.",
  },
  {
    id: "leaks-the-connection",
    title: "gives the connection back only where all went well",
    edits: [
      {
        file: "event-store.ts",
        find: `    await client.query("commit");
`,
        replace: `    await client.query("commit");
    client.release();
`,
      },
      {
        file: "event-store.ts",
        find: `  } finally {
    client.off("error", ignore);
    // A connection that cannot even roll back is closed, not reused.
    client.release(broken);
  }`,
        replace: "  }",
      },
    ],
    caughtBy: [
      "an append that fails › gives its connection back, ready for the next",
      "an append that fails › does not take the process with it when the database goes away",
    ],
    whatItCostsInProduction:
      "Each refused append kept one of ten connections for ever, so the eleventh broken request of the day stopped the whole service. For three weeks the remedy was a restart at 06:00, and nobody asked why it helped.",
  },
  {
    id: "sorts-the-batch",
    title: "sorts the batch by type before it inserts it",
    file: "event-store.ts",
    find: "for (const event of events) {",
    replace: "for (const event of events.toSorted((a, b) => a.type.localeCompare(b.type))) {",
    caughtBy: [
      "an append › puts a batch at the end of its stream, in order",
      "whatever is appended › replaying it in pages and batches equals replaying it at once",
    ],
    whatItCostsInProduction:
      "StayChanged came before ReservationCreated in 2,200 streams, because C comes before S only in the alphabet of the one who tested it with two events. Their replays fell over, and not one of them can be put right: events are never changed.",
  },
  {
    id: "counts-positions-as-numbers",
    title: "keeps a position, which is a bigint, in a number",
    file: "event-store.ts",
    find: "position = await insertEvent(client, streamId, version, event);",
    replace: "position = BigInt(Number(await insertEvent(client, streamId, version, event)));",
    caughtBy: ["an append › says the position exactly, also beyond 2^53"],
    whatItCostsInProduction:
      "A store that was merged from three began its positions near 2^53, where numbers know only every second one. Clients that waited for `their` position waited for a neighbour's, and 1 of 2 confirmations timed out after 30 seconds.",
  },
  {
    id: "reads-the-edge-twice",
    title: "peeks at the first event of the next page, and hands it out with both",
    edits: [
      {
        file: "event-store.ts",
        find: "values: [streamId, next, pageSize],",
        replace: "values: [streamId, next, pageSize + 1],",
      },
      {
        file: "event-store.ts",
        find: `      next = row.version + 1;
    }
    if (rows.length < pageSize) return;`,
        replace: `      next = row.version;
    }
    if (rows.length <= pageSize) return;`,
      },
    ],
    caughtBy: [
      "reading a stream › in pages of 1 reads each event once",
      "reading a stream › in pages of 2 reads each event once",
      "reading a stream › in pages of 3 reads each event once",
      "reading a stream › starts at the version that is asked for",
      "a reader that takes its time › is never more than a page ahead of what it has used",
      "whatever is appended › replaying it in pages and batches equals replaying it at once",
      "whatever is appended › the store agrees with its model in memory",
    ],
    whatItCostsInProduction:
      "Streams of up to 1,024 events were right, so every test was green and every guest was happy. The loyalty account of the chain's best customer had 1,025, and the last night of each page earned its points twice.",
  },
  {
    id: "begins-at-the-last-position",
    title: "reads the event at the position once more that the reader has had",
    file: "event-store.ts",
    find: "let last = after;",
    replace: "let last = after - 1n;",
    caughtBy: [
      "reading all streams › goes on after a position",
      "whatever is appended › the store agrees with its model in memory",
    ],
    whatItCostsInProduction:
      "Each restart of the reporting job counted the last event of the day before once more. With 14 deployments in a week a hotel of 80 rooms reported 94 arrivals on the Friday.",
  },
  {
    id: "fetches-all-at-once",
    title: "fetches a whole stream before it hands out its first event",
    file: "event-store.ts",
    find: "values: [streamId, next, pageSize],",
    replace: "values: [streamId, next, 1_000_000],",
    caughtBy: [
      "a reader that takes its time › is never more than a page ahead of what it has used",
    ],
    whatItCostsInProduction:
      "The migration read the stream of a channel manager, 600,000 events, into the memory of a container that had 512 MB. It was killed and restarted 41 times in a night, and each time it began at the first event.",
  },
  {
    id: "writes-names-into-the-sql",
    title: "puts the stream's name into the text of the query",
    edits: [
      {
        file: "event-store.ts",
        find: `      name: "read-stream",\n`,
        replace: "",
      },
      {
        file: "event-store.ts",
        find: `              where stream_id = $1 and version >= $2::bigint
              order by version
              limit $3\`,
      values: [streamId, next, pageSize],`,
        replace: `              where stream_id = '\${streamId}' and version >= $1::bigint
              order by version
              limit $2\`,
      values: [next, pageSize],`,
      },
    ],
    caughtBy: [
      "reading a stream › reads no other stream, whatever its name is",
      "whatever is appended › the store agrees with its model in memory",
    ],
    whatItCostsInProduction:
      "Reservation ids came from a partner, and one of them was called `o'hara`: the query failed, and somebody looked at the log with interest. Two days later one was called `' or 'a' = 'a`, and the partner had read 48,000 other people's bookings.",
  },
  {
    id: "lets-dates-through",
    title: "lets a Date through, which comes back as text",
    file: "storable.ts",
    find: "  if (value === null) return;\n",
    replace: "  if (value === null || value instanceof Date) return;\n",
    caughtBy: [
      "a value that JSON would lose › is refused with its path: a Date",
      "whatever is appended › what is not refused comes back from jsonb as it was",
    ],
    whatItCostsInProduction:
      "A Date went in and text came out, so `arrival.getTime()` worked on the day of the booking and failed on the day of arrival. 130 guests stood at the desk while the check-in said `is not a function`.",
  },
  {
    id: "drops-what-is-undefined",
    title: "lets undefined through, which JSON leaves out without a word",
    file: "storable.ts",
    find: `    case "boolean":
      return;`,
    replace: `    case "boolean":
    case "undefined":
      return;`,
    caughtBy: [
      "a value that JSON would lose › is refused with its path: undefined",
      "a value that JSON would lose › is refused with its path: undefined in a list",
      "a value that JSON would lose › is refused with its path: a hole in a list",
      "whatever is appended › what is not refused comes back from jsonb as it was",
    ],
    whatItCostsInProduction:
      "A renamed field made `breakfast` undefined, JSON left it out, and nobody noticed for six days. 5,100 reservations do not know to this day whether breakfast was booked, and the hotel serves it to all of them.",
  },
  {
    id: "guards-versions-by-a-promise",
    title: "leaves it to the programs that no version is there twice",
    file: "schema.sql",
    find: "  constraint events_stream_id_version_key unique (stream_id, version),\n",
    replace: "",
    caughtBy: ["the table of events › holds one event at each version of a stream"],
    whatItCostsInProduction:
      "Two services each made sure of the version before they wrote, and a third, written in a hurry, did not. 29 streams got two events at one version, and which of the two a replay took depended on the plan of the day.",
  },
  {
    id: "counts-characters",
    title: "limits a stream's name in characters, where the index counts bytes",
    file: "schema.sql",
    find: "check (octet_length(stream_id) between 1 and 255)",
    replace: "check (char_length(stream_id) between 1 and 255)",
    caughtBy: ["the table of events › counts a stream id in bytes, up to 255"],
    whatItCostsInProduction:
      "A partner in Osaka sent ids of 200 characters, each of three bytes, and the limit of 255 let them pass. From the fourth level of nesting on the index refused them with `index row size exceeds maximum`, as an error 500, for that partner alone.",
  },
  {
    id: "reads-as-the-rows-lie",
    title: "reads all streams in the order in which the rows happen to lie",
    file: "event-store.ts",
    find: `              where position > $1
              order by position
`,
    replace: `              where position > $1
`,
    caughtBy: ["reading all streams › goes by position, however the rows lie on the disk"],
    // Where a vacuum has passed, new rows lie where deleted ones were.
    perhapsAlso: [
      "reading all streams › in pages of 1 goes by position",
      "reading all streams › in pages of 2 goes by position",
      "reading all streams › in pages of 3 goes by position",
      "reading all streams › in pages of 4 goes by position",
      "reading all streams › in pages of 5 goes by position",
      "whatever is appended › the store agrees with its model in memory",
    ],
    whatItCostsInProduction:
      "For two years the rows lay as they had been written, and nobody missed the `order by`. After a restore from a backup a rebuild of the read model met cancellations before their confirmations, and 312 rooms stood empty for guests who had cancelled.",
  },
];
