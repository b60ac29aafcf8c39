/** Mistakes in the read model: rows that drift away from the events, a little each day. */

import type { Mistake } from "./mistake.ts";

/** Which of the two is first is up to the server. */
const race =
  "an event that comes › first of its stream is applied once, when two consumers begin it at the same moment";
// Not the laws, which take their time, and not the restarts of the server.
const files = [
  "reservations-view.test.ts",
  "apply-to-view.test.ts",
  "projection.test.ts",
  "catch-up.test.ts",
  "read-your-writes.test.ts",
];

export const projectionMistakes: readonly Mistake[] = [
  {
    id: "counts-without-a-guard",
    title: "applies an event again when it comes a second time",
    file: "projection.ts",
    find: "    if (event.version !== before + 1) return before;\n",
    replace: "    if (event.version > before + 1) return before;\n",
    triedBy: files,
    caughtBy: [
      "the next event of a stream › has no effect when it comes a second time",
      "the next event of a stream › is applied once, wherever the process dies and it comes again",
      "the next event of a stream › is applied once by two consumers that have it at the same moment",
      "an event that comes › is projected, and skipped when it comes again",
      "an event that comes › in any order leaves the read model of the right order",
    ],
    perhapsAlso: [race],
    whatItCostsInProduction:
      "`rooms = rooms + 1` ran once for each delivery, and the bus delivers some things twice. After three weeks the board of a hotel with 120 rooms showed 131 of them as taken, and sold none.",
  },
  {
    id: "applies-over-a-gap",
    title: "applies an event whose predecessor has not come yet",
    file: "projection.ts",
    find: "    if (event.version !== before + 1) return before;\n",
    replace: "    if (event.version <= before) return before;\n",
    triedBy: files,
    caughtBy: [
      "catching up with the store › projects what is missing, once, beside what the bus delivered",
      "the next event of a stream › waits while an earlier one is missing",
      "an event that comes › too early has what is missing before it fetched from the store",
      "an event that comes › too early has no more fetched than what is missing",
      "an event that comes › in any order leaves the read model of the right order",
      "an event that comes › over a gap that the store cannot fill is refused, and not applied",
      "an event that comes › after a gap needs no second connection while it holds one",
      "an event that comes › of an unknown type is refused, also where it fills a gap",
    ],
    perhapsAlso: [race],
    whatItCostsInProduction:
      "A cancellation overtook the change of stay before it, and the rooms of the old dates were given back. 77 nights were oversold in May, and the change that came late was skipped as old news.",
  },
  {
    id: "keeps-the-checkpoint-elsewhere",
    title: "writes the checkpoint after the transaction of the view, in another one",
    edits: [
      {
        file: "projection.ts",
        find: `    await client.query(
      "update projected_streams set version = $2, position = $3 where stream_id = $1",
      [event.streamId, event.version, event.position],
    );
    return event.version;
  });
`,
        replace: `    return event.version;
  });
  if (reached === event.version) {
    await pool.query(
      "update projected_streams set version = $2, position = $3 where stream_id = $1",
      [event.streamId, event.version, event.position],
    );
  }
`,
      },
    ],
    triedBy: files,
    caughtBy: [
      "the next event of a stream › is applied once, wherever the process dies and it comes again",
    ],
    perhapsAlso: [
      "the next event of a stream › is applied once by two consumers that have it at the same moment",
      race,
    ],
    whatItCostsInProduction:
      "The process died between the two, once in 50,000 events, and the event was applied again after the restart. The drift was one room a week, small enough for nobody to believe it and large enough for an overbooked Easter.",
  },
  {
    id: "looks-without-a-lock",
    title: "reads the checkpoint without locking its row",
    file: "projection.ts",
    find: `"select version from projected_streams where stream_id = $1 for update"`,
    replace: `"select version from projected_streams where stream_id = $1"`,
    triedBy: files,
    caughtBy: [
      "the next event of a stream › is applied once by two consumers that have it at the same moment",
    ],
    perhapsAlso: [race],
    whatItCostsInProduction:
      "During a deployment the old process and the new one had the same event for 40 ms, and both found that it was the next. Eight deployments a day made 8 rooms a month that were taken by nobody.",
  },
  {
    id: "skips-what-is-missing",
    title: "gives up on an event that comes too early, and never asks the store",
    file: "projection.ts",
    find: `  for await (const missing of store.readStream(event.streamId, { fromVersion: reached + 1 })) {
    reached = await applyNext(pool, missing);
    if (reached >= event.version) return;
  }
`,
    replace: "",
    triedBy: files,
    caughtBy: [
      "catching up with the store › projects what is missing, once, beside what the bus delivered",
      "an event that comes › too early has what is missing before it fetched from the store",
      "an event that comes › too early has no more fetched than what is missing",
      "an event that comes › in any order leaves the read model of the right order",
      "an event that comes › after a gap needs no second connection while it holds one",
      "an event that comes › of an unknown type is refused, also where it fills a gap",
    ],
    perhapsAlso: [race],
    whatItCostsInProduction:
      "A queue was deleted by mistake and 300 events with it. Every later event of those streams was refused and retried until it was parked, 14,000 of them by Monday, though all that was missing lay in the store next door.",
  },
  {
    id: "inserts-or-does-nothing",
    title: "adds rooms with on conflict do nothing, which drops the second guest of a night",
    file: "apply-to-view.ts",
    find: "on conflict (hotel_id, night) do update set rooms = hotel_occupancy.rooms + excluded.rooms",
    replace: "on conflict (hotel_id, night) do nothing",
    triedBy: files,
    caughtBy: [
      "catching up with the store › projects what is missing, once, beside what the bus delivered",
      "the occupancy of a hotel › counts its rooms night by night, also where there are none",
      "an event applied to the view › counts two reservations of the same night as two",
      "an event applied to the view › moves the rooms with the stay of a confirmed one",
      "an event applied to the view › gives the rooms of a confirmed one back when it is cancelled",
      "the next event of a stream › has no effect when it comes a second time",
      "an event that comes › too early has what is missing before it fetched from the store",
      "an event that comes › in any order leaves the read model of the right order",
      "an event that comes › after a gap needs no second connection while it holds one",
    ],
    whatItCostsInProduction:
      "Each night had one room taken, however many guests slept there. The house was full on Saturday, the board said 119 free, and a tour operator bought 40 of those.",
  },
  {
    id: "dates-rows-by-the-clock",
    title: "dates a row by when it was projected",
    file: "apply-to-view.ts",
    find: `        \`update reservations_view set status = 'confirmed', updated_at = $2
         where reservation_id = $1\`,
        [reservationId, known.recordedAt],`,
    replace: `        \`update reservations_view set status = 'confirmed', updated_at = $2
         where reservation_id = $1\`,
        [reservationId, new Date()],`,
    triedBy: files,
    caughtBy: [
      "catching up with the store › projects what is missing, once, beside what the bus delivered",
      "an event applied to the view › dates the row by when the event was recorded, not by a clock: 'ReservationConfirmed'",
      "the next event of a stream › changes the view, and the checkpoint with it",
      "the next event of a stream › is applied once, wherever the process dies and it comes again",
      "the next event of a stream › is applied once by two consumers that have it at the same moment",
      "an event that comes › is projected, and skipped when it comes again",
      "an event that comes › first of its stream is applied once, when two consumers begin it at the same moment",
    ],
    whatItCostsInProduction:
      "A rebuild in June dated 210,000 confirmations to the same Tuesday. The report on `confirmed in time` lost its meaning, and with it the bonus of every front desk manager.",
  },
  {
    id: "takes-rooms-for-the-pending",
    title: "moves the rooms of a stay that is not confirmed, and has none",
    file: "apply-to-view.ts",
    find: `if (status === "confirmed") await moveRooms(db, hotelId, { from, to });`,
    replace: "await moveRooms(db, hotelId, { from, to });",
    triedBy: files,
    caughtBy: [
      "an event applied to the view › moves the stay of a pending reservation without taking rooms",
    ],
    whatItCostsInProduction:
      "Everybody who moved an unconfirmed stay took a room off the old nights that had never been added to them. The first of June showed minus 9 rooms, and the price engine, which had not expected that, gave 90 % off.",
  },
  {
    id: "replays-in-the-query",
    title: "answers a query from the events",
    edits: [
      {
        file: "reservations-view.ts",
        find: `  const { rows } = await db.query<ViewColumns>(
    \`select \${columns} from reservations_view where reservation_id = $1\`,
    [reservationId],
  );
  return rows[0] && toRow(rows[0]);`,
        replace: `  const { rows } = await db.query<ViewColumns>(
    \`select \${columns} from reservations_view where reservation_id = $1\`,
    [reservationId],
  );
  const events = await db.query<{ type: string }>(
    "select type from events where stream_id = $1 order by version",
    [reservationId],
  );
  const isConfirmed = events.rows.some(({ type }) => type === "ReservationConfirmed");
  const row = rows[0] && toRow(rows[0]);
  return row && isConfirmed ? { ...row, status: "confirmed" } : row;`,
      },
    ],
    triedBy: files,
    caughtBy: ["a query › reads what was projected, and replays no events"],
    whatItCostsInProduction:
      "`To be really up to date` the query looked into the events, at 3 ms for each of the 200 rows of a page. The list of arrivals took 0.6 seconds on Monday and 11 in the year after, and the write side waited for the same disk.",
  },
  {
    id: "trusts-the-notification",
    title: "waits for a notification only, however long it takes",
    file: "read-your-writes.ts",
    find: "await waitForWork(bell, Math.min(left, pollEvery));",
    replace: "await waitForWork(bell, left);",
    triedBy: files,
    caughtBy: [
      "a client that reads its own write › goes on a little later when the notification is lost",
    ],
    whatItCostsInProduction:
      "One of 700 notifications was lost, and that guest looked at a spinning wheel for the whole two seconds although the row was there after four milliseconds. A third of them pressed the button again.",
  },
  {
    id: "waits-for-any-stream",
    title: "takes it for an answer that the read model has moved at all",
    file: "read-your-writes.ts",
    find: `    "select version from projected_streams where stream_id = $1",
    [streamId],`,
    replace: `    "select coalesce(max(version), 0) as version from projected_streams where $1::text is not null",
    [streamId],`,
    triedBy: files,
    caughtBy: [
      "a client that reads its own write › does not take another stream's version for its own",
    ],
    whatItCostsInProduction:
      "On a busy evening somebody else's version 3 was always there already, so nobody ever waited. One guest in nine saw the reservation without the change just made, and made it again.",
  },
  {
    id: "goes-on-when-time-is-up",
    title: "goes on as if the version were there when the time is over",
    file: "read-your-writes.ts",
    find: "      if (left <= 0) throw new ReadModelBehind(streamId, version, reached);\n",
    replace: "      if (left <= 0) return;\n",
    triedBy: files,
    caughtBy: [
      "a client that reads its own write › is told how far the read model is when the time is over",
      "a client that reads its own write › does not take another stream's version for its own",
    ],
    whatItCostsInProduction:
      "The read model stood still for an hour, and every guest was shown the state before the own change, without a word. 260 of them cancelled a second time, and 31 of those cancelled the reservation that they had made instead.",
  },
  {
    id: "tells-nobody",
    title: "does not announce what it has projected",
    file: "projection.ts",
    find: "  if (reached === event.version) await announceProjected(pool);\n",
    replace: "",
    triedBy: files,
    caughtBy: ["the next event of a stream › is announced to those who wait for it"],
    whatItCostsInProduction:
      "Everything worked, 100 ms later: each click waited for the next poll, and 400 browsers polled ten times a second. The database bill grew by 900 euros a month, and nobody looked for the reason in a line that was not there.",
  },
  {
    id: "asks-without-a-pause",
    title: "asks the read model again and again instead of waiting for the bell",
    file: "read-your-writes.ts",
    find: "      await waitForWork(bell, Math.min(left, pollEvery));\n",
    replace: "",
    triedBy: files,
    caughtBy: [
      "a client that reads its own write › goes on when the version is projected, without asking again and again",
    ],
    whatItCostsInProduction:
      "The projection was two seconds behind, and each of 60 waiting clients asked 3,000 times a second whether it was there. What they asked for came nine seconds later, since the database had no time left for it.",
  },
];
