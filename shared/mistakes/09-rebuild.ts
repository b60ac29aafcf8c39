/** Mistakes in a rebuild: the repair that does more harm than what it repairs. */

import type { Mistake } from "./mistake.ts";

// Not the laws, which take their time.
const files = [
  "progress.test.ts",
  "build-batch.test.ts",
  "swap.test.ts",
  "rebuild.test.ts",
  "second-rebuild.test.ts",
  "changed-projection.test.ts",
];

export const rebuildMistakes: readonly Mistake[] = [
  {
    id: "truncates-then-fills",
    title: "empties the live tables first, and fills them then",
    file: "rebuild.ts",
    find: "    await openBuild(client, projection);\n",
    replace: `    await openBuild(client, projection);
    await client.query(
      "delete from projected_streams; delete from reservations_view; delete from hotel_occupancy",
    );
`,
    triedBy: files,
    caughtBy: ["a rebuild › is never seen: a reader finds the whole read model at every moment"],
    whatItCostsInProduction:
      "For 40 minutes the board showed every room of 14 hotels as free. 61 of them were sold a second time before anybody rang.",
  },
  {
    id: "swaps-before-it-has-caught-up",
    title: "goes live without what was projected since the last batch",
    file: "swap.ts",
    find: "  for await (const batch of readTheRest(client)) await applyToBuild(client, projection, batch);\n",
    replace: "",
    triedBy: files,
    caughtBy: [
      "the swap › applies first what is live and not yet in the build",
      "the swap › makes live projecting wait while it applies the last events, and loses none",
      "the swap › has what was projected until the very moment of the lock",
      "the swap › lets readers read while it applies the last events",
      "the swap › gives way as well when the server ends it to break a deadlock",
      "the swap › fails with what went wrong, where that was no lock",
    ],
    whatItCostsInProduction:
      "The 38 events of the last second were in the old tables only, and the bus, which had its acks, never brought them again. Two guests stood before a full house in August.",
  },
  {
    id: "catches-up-before-the-lock",
    title: "applies the last events first, and stops live projecting then",
    file: "swap.ts",
    find: `  await client.query("lock table public.projected_streams in share row exclusive mode");
  for await (const batch of readTheRest(client)) await applyToBuild(client, projection, batch);
`,
    replace: `  for await (const batch of readTheRest(client)) await applyToBuild(client, projection, batch);
  await client.query("lock table public.projected_streams in share row exclusive mode");
`,
    triedBy: files,
    caughtBy: ["the swap › has what was projected until the very moment of the lock"],
    whatItCostsInProduction:
      "What was projected in the 12 ms between the last look and the lock went down with the old tables. One rebuild in 30 lost an event so, and each time it was taken for the fault that the next rebuild was to repair.",
  },
  {
    id: "swaps-without-a-lock",
    title: "catches up, and exchanges the tables while events are projected",
    file: "swap.ts",
    find: `  await client.query("lock table public.projected_streams in share row exclusive mode");
`,
    replace: "",
    triedBy: files,
    caughtBy: [
      "the swap › has what was projected until the very moment of the lock",
      "the swap › keeps live projecting waiting until the tables are exchanged",
    ],
    whatItCostsInProduction:
      "An event was projected between the last look and the first `drop`, into a table that was gone 2 ms later. Its guest had paid and was in no list.",
  },
  {
    id: "locks-so-that-nobody-waits",
    title: "takes the lock that every writer takes, and so stops none of them",
    file: "swap.ts",
    find: "in share row exclusive mode",
    replace: "in row exclusive mode",
    triedBy: files,
    caughtBy: ["the swap › keeps live projecting waiting until the tables are exchanged"],
    whatItCostsInProduction:
      "There was a lock, so nobody asked which one. Row exclusive locks get along with each other: on the third rebuild 14 confirmations went into a table that was dropped in the same second.",
  },
  {
    id: "locks-the-readers-out",
    title: "takes the exclusive lock before it applies the last events",
    file: "swap.ts",
    find: `"lock table public.projected_streams in share row exclusive mode"`,
    replace: `"lock table public.projected_streams, public.reservations_view, public.hotel_occupancy in access exclusive mode"`,
    triedBy: files,
    caughtBy: ["the swap › lets readers read while it applies the last events"],
    whatItCostsInProduction:
      "A forgotten transaction had held 90,000 events back, and they were applied under the lock. For 70 seconds no query of any hotel was answered, with every connection of the pool waiting in line.",
  },
  {
    id: "waits-behind-a-long-reader",
    title: "waits for the tables as long as it takes",
    file: "swap.ts",
    find: "      await limitWaiting(client, lockTimeout);\n",
    replace: "",
    // Its open transaction holds back what other files wait for.
    triedBy: ["swap.test.ts", "rebuild.test.ts"],
    caughtBy: [
      "the swap › gives way to a long reader, changes nothing, and can be tried again",
      "a rebuild › gives up when the live tables are read without a break, and has done its work",
    ],
    // What waits for the lock still does so while the next tests run.
    perhapsAlso: [
      "the swap › gives way as well when the server ends it to break a deadlock",
      "the swap › fails with what went wrong, where that was no lock",
      "the swap › does not break the prepared statements of those who read",
      "the swap › is done as a whole or not at all, wherever the process dies",
    ],
    whatItCostsInProduction:
      "The monthly report read for 20 minutes, the swap stood behind it, and all 400 queries a second stood behind the swap. The site was down because of a report and a rebuild of which either was harmless.",
  },
  {
    id: "leaves-the-versions-behind",
    title: "builds the rows, and not how far each stream is",
    file: "build-batch.ts",
    find: "    await writeStreams(client, events);\n",
    replace: "",
    triedBy: files,
    caughtBy: [
      "events applied to the build › change the build's tables, and none that is live",
      "a rebuild › makes a read model right that came out wrong",
    ],
    amongOthers: true,
    whatItCostsInProduction:
      "After the swap every stream was at version 0, so the next event of each fetched its whole past and failed on the row that was there already. 6,200 messages were parked in the first hour.",
  },
  {
    id: "keeps-the-old-versions",
    title: "puts the rows in place, and leaves the live versions of the streams as they were",
    file: "swap.ts",
    find: "  for (const table of tables) {\n",
    replace: "  for (const table of tables.slice(1)) {\n",
    triedBy: files,
    caughtBy: [
      "the swap › makes live projecting wait while it applies the last events, and loses none",
      "the swap › carries over how far each stream is",
      "a rebuild › goes on to its end while events are written and projected",
      "a rebuild › tries again when a long reader was in its way, and goes live when that is done",
      "the swap › gives way as well when the server ends it to break a deadlock",
    ],
    whatItCostsInProduction:
      "The rebuild was 70 events ahead of the live projection, which came to them a second later and applied them again. 41 nights had a room too many from the first minute on.",
  },
  {
    id: "moves-the-checkpoint-on-its-own",
    title: "moves the checkpoint after the transaction of the rows, in another one",
    edits: [
      {
        file: "build-batch.ts",
        find: "  await moveBuild(client, last.checkpoint, events.length);\n",
        replace: "",
      },
      {
        file: "build-batch.ts",
        find: "  return transactionOn(client, async () => {",
        replace: "  const built = await transactionOn(client, async () => {",
      },
      {
        file: "build-batch.ts",
        find: "    return batch.length;\n  });\n",
        replace: `    return batch;
  });
  const last = built.at(-1);
  if (last) await moveBuild(client, last.checkpoint, built.length);
  return built.length;
`,
      },
    ],
    triedBy: files,
    caughtBy: [
      "events applied to the build › move the build's checkpoint to the last of them, and count",
      "a batch of the build › is in with its checkpoint or not at all, wherever the process dies",
    ],
    whatItCostsInProduction:
      "It was killed between the two, and the batch was applied again when it went on: 500 events, and 318 nights with a room too many. It had to be rebuilt because of its rebuild.",
  },
  {
    id: "applies-by-the-clock",
    title: "sorts a batch by the time at which its events were recorded",
    file: "build-batch.ts",
    find: "  const events = batch.map(({ event }) => event);\n",
    replace: `  const events = batch
    .map(({ event }) => event)
    .sort((one, other) => (one.recordedAt < other.recordedAt ? -1 : 1));
`,
    triedBy: files,
    caughtBy: [
      "events applied to the build › are applied in the order in which they were committed, whatever their clocks say",
    ],
    whatItCostsInProduction:
      "One of four servers was 3 seconds behind, and a confirmation stood before its booking. The rebuild stopped at event 412,000 with an error, at the same one after each restart.",
  },
  {
    id: "reads-beyond-the-horizon",
    title: "reads whatever is committed, and moves its checkpoint past what is not yet",
    edits: [
      {
        file: "build-batch.ts",
        find: "    const { checkpoint } = await loadBuild(client);\n    const batch = await readAllCommitted(client, { after: checkpoint, limit });\n",
        replace: "    const { value: batch = [] } = await readTheRest(client, limit).next();\n",
      },
      {
        file: "build-batch.ts",
        find: "import { type CommittedEvent, readAllCommitted } from",
        replace: "import type { CommittedEvent } from",
      },
      {
        file: "build-batch.ts",
        find: "import { inBuild, loadBuild, moveBuild, writeStreams } from",
        replace: "import { inBuild, moveBuild, readTheRest, writeStreams } from",
      },
    ],
    triedBy: files,
    caughtBy: ["a batch of the build › does not skip an event that commits late"],
    whatItCostsInProduction:
      "The night audit's transaction committed 9 seconds after it had written, behind the rebuild's back. Its 14 events were in the old view and are in no new one.",
  },
  {
    id: "lives-it-all-again",
    title: "has the side effects of events that are replayed",
    file: "build-batch.ts",
    find: "    await projection.apply(client, events);\n",
    replace: `    await projection.apply(client, events);
    for (const event of events) await projection.sideEffect?.(event);
`,
    triedBy: files,
    caughtBy: ["events applied to the build › have no side effect: they happened long ago"],
    whatItCostsInProduction:
      "11,000 guests got a mail that their stay of the year before was confirmed. 900 of them called, and the mail provider closed the account.",
  },
  {
    id: "works-without-the-lock",
    title: "starts beside another rebuild",
    edits: [
      {
        file: "rebuild.ts",
        find: "  await withRebuildLock(pool, async (client) => {",
        replace: "  await withoutLock(pool, async (client) => {",
      },
      {
        file: "rebuild.ts",
        find: "/** What reports how far",
        replace: `async function withoutLock(
  pool: Pool,
  work: (client: PoolClient) => Promise<void>,
): Promise<void> {
  const client = await pool.connect();
  try {
    await work(client);
  } finally {
    client.release(true);
  }
}

/** What reports how far`,
      },
      {
        file: "rebuild.ts",
        find: 'import { withRebuildLock } from "./rebuild-lock.ts";\n',
        replace: "",
      },
    ],
    triedBy: files,
    caughtBy: [
      "two rebuilds at once › are refused: the second has no effect, the first goes on",
      "two rebuilds at once › are not, when the connection of the first has broken",
    ],
    whatItCostsInProduction:
      "Two people started it at 9:00, from two chats about the same alarm. Both applied every batch, and half of the nights of 2 years came out with twice their rooms.",
  },
  {
    id: "catches-up-once",
    title: "builds once, and only tries the swap again while a long reader is in its way",
    file: "rebuild.ts",
    find: `    for (let tried = 1; ; tried++) {
      for (let built = batchSize; built === batchSize; await report()) {
        built = await buildBatch(client, projection, batchSize);
      }
`,
    replace: `    for (let built = batchSize; built === batchSize; await report()) {
      built = await buildBatch(client, projection, batchSize);
    }
    for (let tried = 1; ; tried++) {
`,
    triedBy: files,
    caughtBy: [
      "a rebuild › tries again when a long reader was in its way, and goes live when that is done",
    ],
    whatItCostsInProduction:
      "A report ran for 50 minutes. What was written meanwhile, 31,000 events, was then applied under the lock, and for 24 seconds no guest saw what he had just booked.",
  },
  {
    id: "begins-anew-each-time",
    title: "throws away what an interrupted rebuild has done",
    file: "rebuild.ts",
    find: "    await openBuild(client, projection);\n",
    replace: `    await client.query("drop schema if exists rebuild cascade");
    await openBuild(client, projection);
`,
    triedBy: files,
    caughtBy: [
      "a rebuild › gives up when the live tables are read without a break, and has done its work",
      "a rebuild that is interrupted › goes on where it was when it is started again",
    ],
    whatItCostsInProduction:
      "It took five hours, and the deployment at four killed it, every day from Monday to Thursday. The view was wrong for a week because of a repair that never came to its end.",
  },
  {
    id: "rings-for-each-batch",
    title: "tells those who wait after each batch, though nothing they can see has changed",
    file: "rebuild.ts",
    find: "        built = await buildBatch(client, projection, batchSize);\n",
    replace: `        built = await buildBatch(client, projection, batchSize);
        await announceProjected(pool);
`,
    triedBy: files,
    caughtBy: [
      "a rebuild › rings once for those who wait for a version, when it is live",
      "a rebuild › gives up when the live tables are read without a break, and has done its work",
    ],
    whatItCostsInProduction:
      "2,000 batches rang 2,000 times, and each of the 300 clients that waited for a version asked the database each time. The rebuild slowed down everything but itself.",
  },
  {
    id: "counts-what-another-run-has-done",
    title: "takes what an interrupted run had done for its own speed",
    file: "progress.ts",
    find: "((done - doneBefore) / milliseconds) * 1000",
    replace: "(done / milliseconds) * 1000",
    triedBy: files,
    caughtBy: [
      "the progress of a rebuild › has the rate of this run, where an interrupted one had done a part",
    ],
    whatItCostsInProduction:
      "After the restart it promised to be ready in 4 minutes and took 5 hours. The maintenance window that was planned by it ended at noon, on a Saturday in July.",
  },
];
