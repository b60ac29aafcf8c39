/** Mistakes with snapshots: a cache that is believed, waited for, or counted. */

import type { Mistake } from "./mistake.ts";

export const snapshotMistakes: readonly Mistake[] = [
  {
    id: "folds-the-last-event-again",
    title: "folds the event that the snapshot ends with once more",
    file: "load.ts",
    find: "  let folded: Folded | undefined;",
    replace: "  let folded: Folded | undefined = snapshot;",
    caughtBy: ["x"],
    whatItCostsInProduction:
      "The replay refused each stream that had a snapshot, so somebody took the check of the versions out. The loyalty points of 12,600 guests then went up by one stay with every load that began at a snapshot.",
  },
  {
    id: "begins-the-tail-too-late",
    title:
      "reads from the version after the snapshot, and looks for the snapshot's own event there",
    file: "load.ts",
    find: "{ fromVersion: snapshot.version }",
    replace: "{ fromVersion: snapshot.version + 1 }",
    caughtBy: ["x"],
    whatItCostsInProduction:
      "No snapshot was ever believed, and nothing was wrong: each load read the tail, threw it away, and read the whole stream. The database was made four times as large before somebody counted the rows.",
  },
  {
    id: "believes-that-the-event-is-there",
    title: "does not look whether the stream has the event that the snapshot ends with",
    file: "load.ts",
    find: "    else if (event.id === snapshot.eventId) folded = snapshot;\n    else return undefined;\n  }\n  return folded;",
    replace: "    else folded = snapshot;\n  }\n  return folded ?? snapshot;",
    caughtBy: ["x"],
    whatItCostsInProduction:
      "The store was restored from a backup that was 40 minutes old, the snapshots were in another database. 300 reservations stood there as events of those 40 minutes had left them, events that no longer existed, and each command on them was a conflict for ever.",
  },
  {
    id: "takes-a-snapshot-before-the-append",
    title: "takes a snapshot of what it has decided, before that is stored",
    edits: [
      {
        file: "attempt-command.ts",
        find: `  const { version, repeated } =
    events.length === 0`,
        replace: `  const decided = events.reduce<typeof loaded>(
    (before, event) => ({
      ...before,
      state: evolve(before.state, event),
      version: before.version + 1,
      eventId: event.id,
    }),
    loaded,
  );
  snapshots.offer(decided);
  const { version, repeated } =
    events.length === 0`,
      },
      {
        file: "attempt-command.ts",
        find: "  snapshots.offer(loaded);\n",
        replace: "",
      },
      {
        file: "attempt-command.ts",
        find: `import { decide } from "../01-aggregate/reservation.ts";`,
        replace: `import { decide, evolve } from "../01-aggregate/reservation.ts";`,
      },
    ],
    caughtBy: ["x"],
    whatItCostsInProduction:
      "The append lost a race and wrote nothing, but the cancellation was in the snapshot by then. From the next load on the guest's stay was cancelled, by no event at all, and the history that support looked at said confirmed.",
  },
  {
    id: "forgets-the-schema",
    title: "takes the newest snapshot of the stream, whatever code has folded it",
    edits: [
      {
        file: "snapshots.ts",
        find: "            where stream_id = $1 and state_schema = $2`,\n    values: [streamId, stateSchema],",
        replace:
          "            where stream_id = $1\n            order by version desc\n            limit 1`,\n    values: [streamId],",
      },
    ],
    caughtBy: ["x"],
    whatItCostsInProduction:
      "A release added `guests` to the state, and every snapshot was from before. For 9,400 reservations it was undefined, the bill said NaN euros, and only truncating the table at 3 in the morning helped.",
    seenIn: "https://github.com/AxonIQ/AxonFramework/issues/566",
  },
  {
    id: "forgets-the-checksum",
    title: "believes what the row says",
    file: "snapshots.ts",
    find: "  if (!row || row.checksum !== checksumOf(row)) return undefined;",
    replace: "  if (!row) return undefined;",
    caughtBy: ["x"],
    whatItCostsInProduction:
      "Somebody helped a guest with an `update` on the snapshot, because the screen showed the change at once. It was in no event, and with the next full replay it was gone: the guest arrived with a confirmation for a room that the hotel had never heard of.",
  },
  {
    id: "sums-the-state-only",
    title: "makes the checksum of the state, and leaves version, event and stream out of it",
    file: "snapshot.ts",
    find: "const said = JSON.stringify([stream_id, state_schema, version, event_id, state]);",
    replace: "const said = JSON.stringify(state);",
    caughtBy: ["x"],
    whatItCostsInProduction:
      "A migration copied the table and mixed two columns up. Every state was whole, every checksum right, and 118 guests were shown the reservation of somebody else.",
  },
  {
    id: "lets-the-late-one-win",
    title: "overwrites the snapshot that is there, also one that is newer",
    file: "snapshots.ts",
    find: "\n            where kept.version <= excluded.version`",
    replace: "`",
    caughtBy: ["x"],
    whatItCostsInProduction:
      "One of six servers had a slow disk and saved its snapshots half a minute late. On busy streams it always wrote last, so the snapshots were 4,000 events old, and the loads of all six were as slow as its disk.",
  },
  {
    id: "looks-before-it-overwrites",
    title: "looks whether a newer one is there, and then overwrites without a condition",
    edits: [
      {
        file: "snapshots.ts",
        find: `  await db.query({
    name: "save-snapshot",`,
        replace: `  const newer = await db.query(
    "select from snapshots where stream_id = $1 and state_schema = $2 and version > $3",
    [row.stream_id, row.state_schema, row.version],
  );
  if (newer.rowCount !== 0) return;
  await db.query({
    name: "save-snapshot",`,
      },
      {
        file: "snapshots.ts",
        find: "\n            where kept.version <= excluded.version`",
        replace: "`",
      },
    ],
    caughtBy: ["x"],
    whatItCostsInProduction:
      "Between the look and the write there were 2 ms, and two servers that loaded the same stream met in them about 60 times an hour. Nothing was wrong, only slow, on the ten streams on which everybody worked.",
  },
  {
    id: "counts-the-snapshot",
    title: "counts the snapshot as one more event of the stream",
    file: "load.ts",
    find: "  return { ...folded, streamId, snapshotVersion,",
    replace:
      "  const version = folded.version + (snapshotVersion > 0 ? 1 : 0);\n  return { ...folded, version, streamId, snapshotVersion,",
    caughtBy: ["x"],
    whatItCostsInProduction:
      "The loaded version was one ahead of the stream's, so each append was a conflict, five times, and then an error. It began at the hundredth event of a stream: with the 31 best customers.",
  },
  {
    id: "waits-for-the-snapshot",
    title: "has the command wait until its snapshot is saved",
    file: "attempt-command.ts",
    find: "  snapshots.offer(loaded);\n",
    replace: "  snapshots.offer(loaded);\n  await snapshots.settled();\n",
    caughtBy: ["x"],
    whatItCostsInProduction:
      "A nightly `vacuum full` of the table of snapshots took 11 minutes, and so did every booking whose turn it was to leave one. The gateway cut them off after 30 seconds, and 700 guests pressed the button again.",
  },
  {
    id: "fails-with-its-cache",
    title: "lets the load fail when the snapshots cannot be read",
    file: "load.ts",
    find: `.catch((problem: unknown) => {
    report(problem);
    return undefined;
  })`,
    replace: "",
    caughtBy: ["x"],
    whatItCostsInProduction:
      "The snapshots lay in a database of their own, as they should, and it was down for an hour. All events were there, and nobody could book, because a cache was away.",
  },
  {
    id: "tells-nobody-of-a-failed-save",
    title: "lets a snapshot that cannot be saved disappear without a word",
    file: "taking.ts",
    find: ".catch(report));",
    replace: ");",
    caughtBy: ["x"],
    whatItCostsInProduction:
      "The disk of the cache was full from March on. Nothing failed, loads took a little longer each week, and in July 40 servers did what 12 had done.",
  },
  {
    id: "waits-for-a-round-version",
    title: "takes a snapshot at every hundredth version, instead of after a hundred events",
    file: "taking.ts",
    find: "(folded >= everyEvents ||",
    replace: "(version % everyEvents === 0 ||",
    caughtBy: ["x"],
    whatItCostsInProduction:
      "Commands append two or three events at once, and many a stream stepped over 100, 200 and 300. One had 2,900 events and no snapshot, and it was the one that the morning's import touched 800 times.",
  },
  {
    id: "saves-all-at-once",
    title: "saves as many snapshots at once as are due",
    file: "taking.ts",
    find: "eventId === undefined || isBusy() || ",
    replace: "eventId === undefined || ",
    caughtBy: ["x"],
    whatItCostsInProduction:
      "After a deployment with a new stateSchema every stream was due at its first load. 200 saves took all ten connections of the pool, and the appends stood in line behind a cache, for six minutes.",
  },
];
