/** Mistakes with snapshots: a cache that is believed, waited for, or counted. */

import type { Mistake } from "./mistake.ts";

// Not the laws, which take their time.
const files = ["snapshots.test.ts", "load.test.ts", "taking.test.ts", "attempt-command.test.ts"];

export const snapshotMistakes: readonly Mistake[] = [
  {
    id: "folds-the-last-event-again",
    title: "folds the event that the snapshot ends with once more",
    file: "load.ts",
    find: "  let folded: Folded | undefined;",
    replace: "  let folded: Folded | undefined = snapshot;",
    triedBy: files,
    caughtBy: [
      "a load with a snapshot › gives the state and the version of a full replay, from a snapshot at any version",
      "a load with a snapshot › reads no event before the snapshot's last one",
      "a load without a snapshot › gives the same when somebody has dropped the table, and says so",
      "a snapshot that is not of this history › is ignored: beyond the end of the stream",
      "a snapshot that is not of this history › is ignored: after an event that was never stored",
      "a snapshot that is not of this history › does not hide a broken history behind it",
      "a snapshot that is offered › is none where there is no stream, or nothing new after the last one",
      "a command with snapshots › decides on the snapshot and what came after it, and appends at the stream's version",
      "a command with snapshots › appends nothing where nothing is to be decided, and adds no event for a snapshot",
    ],
    amongOthers: true,
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
    triedBy: files,
    caughtBy: [
      "a load with a snapshot › gives the state and the version of a full replay, from a snapshot at any version",
      "a load with a snapshot › reads no event before the snapshot's last one",
      "a snapshot that is offered › is none where there is no stream, or nothing new after the last one",
    ],
    whatItCostsInProduction:
      "No snapshot was ever believed, and nothing was wrong: each load read the tail, threw it away, and read the whole stream. The database was made four times as large before somebody counted the rows.",
  },
  {
    id: "believes-that-the-event-is-there",
    title: "does not look whether the stream has the event that the snapshot ends with",
    file: "load.ts",
    find: "    else if (event.id === snapshot.eventId) folded = snapshot;\n    else return undefined;\n  }\n  return folded;",
    replace: "    else folded = snapshot;\n  }\n  return folded ?? snapshot;",
    triedBy: files,
    caughtBy: [
      "a snapshot that is not of this history › is ignored: beyond the end of the stream",
      "a snapshot that is not of this history › is ignored: after an event that was never stored",
    ],
    whatItCostsInProduction:
      "The store was restored from a backup that was 40 minutes old, the snapshots were in another database. 300 reservations stood there as events of those 40 minutes had left them, events that no longer existed, and each command on them was a conflict for ever.",
    seenIn: "https://github.com/johanhaleby/occurrent/pull/351",
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
    triedBy: files,
    caughtBy: ["a command with snapshots › leaves none of what was decided and not stored"],
    whatItCostsInProduction:
      "The append lost a race and wrote nothing, but the cancellation was in the snapshot by then. From the next load on 17 stays a month were cancelled, by no event at all, and the history that support looked at said confirmed.",
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
    triedBy: files,
    caughtBy: [
      "a snapshot that is not of this history › is ignored: by other code",
      "a snapshot that is found › was folded by code of this stateSchema",
    ],
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
    triedBy: files,
    caughtBy: [
      "a snapshot that is not of this history › is ignored: with a wrong checksum",
      "a snapshot that is found › is none where somebody has changed the state",
      "a snapshot that is found › is none where somebody has changed the state (it is cut off)",
      "a snapshot that is found › is none where somebody has changed the version",
      "a snapshot that is found › is none where somebody has changed the id of the event",
      "a snapshot that is found › is none where somebody has changed the stream",
    ],
    whatItCostsInProduction:
      "Somebody helped a guest with an `update` on the snapshot, because the screen showed the change at once. It was in no event, and with the next full replay it was gone: 3 guests arrived with confirmations for rooms that the hotel had never heard of.",
  },
  {
    id: "lets-the-late-one-win",
    title: "overwrites the snapshot that is there, also one that is newer",
    file: "snapshots.ts",
    find: "\n            where kept.version <= excluded.version`",
    replace: "`",
    triedBy: files,
    caughtBy: ["a snapshot that is saved › overwrites none that is newer"],
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
    triedBy: files,
    caughtBy: [
      "a snapshot that is saved › overwrites none that became newer while it was on its way",
    ],
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
    triedBy: files,
    caughtBy: [
      "a load with a snapshot › gives the state and the version of a full replay, from a snapshot at any version",
      "a load with a snapshot › reads no event before the snapshot's last one",
      "a load without a snapshot › gives the same when somebody has dropped the table, and says so",
      "a snapshot that is offered › is none where there is no stream, or nothing new after the last one",
      "a command with snapshots › decides on the snapshot and what came after it, and appends at the stream's version",
      "a command with snapshots › appends nothing where nothing is to be decided, and adds no event for a snapshot",
    ],
    whatItCostsInProduction:
      "The loaded version was one ahead of the stream's, so each append was a conflict, five times, and then an error. It began at the hundredth event of a stream: with the 31 best customers.",
  },
  {
    id: "waits-for-the-snapshot",
    title: "has the command wait until its snapshot is saved",
    file: "attempt-command.ts",
    find: "  snapshots.offer(loaded);\n",
    replace: "  snapshots.offer(loaded);\n  await snapshots.settled();\n",
    triedBy: files,
    caughtBy: ["a command with snapshots › does not wait for the snapshot"],
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
    triedBy: files,
    caughtBy: [
      "a load without a snapshot › gives the same when somebody has dropped the table, and says so",
      "a command with snapshots › goes through when snapshots can neither be read nor saved",
    ],
    whatItCostsInProduction:
      "The snapshots lay in a database of their own, as they should, and it was down for 50 minutes. All events were there, and nobody could book, because a cache was away.",
  },
  {
    id: "tells-nobody-of-a-failed-save",
    title: "lets a snapshot that cannot be saved disappear without a word",
    file: "taking.ts",
    find: ".catch(report));",
    replace: ");",
    triedBy: files,
    caughtBy: [
      "a snapshot that is offered › that cannot be saved is reported, and thrown at nobody",
    ],
    whatItCostsInProduction:
      "The disk of the cache was full from March on. Nothing failed, loads took a little longer each week, and in July 40 servers did what 12 had done.",
  },
  {
    id: "waits-for-a-round-version",
    title: "takes a snapshot at every hundredth version, instead of after a hundred events",
    file: "taking.ts",
    find: "(folded >= everyEvents ||",
    replace: "(version % everyEvents === 0 ||",
    triedBy: files,
    caughtBy: [
      "the policy › every 100 events or from 50 ms on, after 130 events after a snapshot, in 5 ms",
      "the policy › every 100 events or from 50 ms on, after 1 event after a snapshot, up to version 1,000, in 5 ms",
    ],
    whatItCostsInProduction:
      "Commands append two or three events at once, and many a stream stepped over 100, 200 and 300. One had 2,900 events and no snapshot, and it was the one that the morning's import touched 800 times.",
  },
  {
    id: "saves-all-at-once",
    title: "saves as many snapshots at once as are due",
    file: "taking.ts",
    find: "eventId === undefined || isBusy() || ",
    replace: "eventId === undefined || ",
    triedBy: files,
    caughtBy: [
      "a snapshot that is offered › is dropped while another one is being saved; the next is taken again",
    ],
    whatItCostsInProduction:
      "After a deployment with a new stateSchema every stream was due at its first load. 200 saves took all ten connections of the pool, and the appends stood in line behind a cache, for six minutes.",
  },
];
