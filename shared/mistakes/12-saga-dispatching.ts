/** Mistakes in how a booking's commands and timeouts are sent: never, twice, too early, or by nobody. */

import type { Mistake } from "./mistake.ts";

// Those that a mistake cannot reach are left out: on PostgreSQL they take their time.
const dispatching = ["dispatcher.test.ts"];
const timing = ["timeouts.test.ts"];
const both = [...dispatching, ...timing];

export const dispatchingMistakes: readonly Mistake[] = [
  {
    id: "notes-a-command-as-sent-and-then-sends-it",
    title: "moves the checkpoint before it sends the command",
    edits: [
      {
        file: "dispatcher.ts",
        find: `  await sendOrGiveUp(dispatcher, event);
  await inTransaction(`,
        replace: "  await inTransaction(",
      },
      {
        file: "dispatcher.ts",
        find: `    await moveCheckpoint(client, name, from, checkpoint);
  });
`,
        replace: `    await moveCheckpoint(client, name, from, checkpoint);
  });
  await sendOrGiveUp(dispatcher, event);
`,
      },
    ],
    triedBy: dispatching,
    caughtBy: [
      "an event of a booking that is dispatched › has the effect of once, wherever the process dies and begins again",
      "an event of a booking that is dispatched › is not behind the checkpoint while its command cannot be sent",
      "an event of a booking that is dispatched › is parked, and behind the checkpoint, when its command was tried too often",
      "an event of a booking that is dispatched › leaves a checkpoint alone that somebody else has moved",
    ],
    whatItCostsInProduction:
      "The process was restarted between the two, and the command was sent by nobody. Five deployments a day left 5 bookings a day hanging, each with a guest who had paid.",
  },
  {
    id: "sends-inside-the-transaction",
    title: "sends the command inside the transaction of the checkpoint",
    edits: [
      {
        file: "dispatcher.ts",
        find: `  await sendOrGiveUp(dispatcher, event);
  await inTransaction(`,
        replace: "  await inTransaction(",
      },
      {
        file: "dispatcher.ts",
        find: `    await scheduleTimeout(client, event);
`,
        replace: `    await scheduleTimeout(client, event);
    await sendOrGiveUp(dispatcher, event);
`,
      },
    ],
    triedBy: dispatching,
    caughtBy: [
      "an event of a booking that is dispatched › has no connection in its hands while its command is on its way",
    ],
    whatItCostsInProduction:
      "A partner's room system took 40 s to answer, and so long was the transaction open. The relays of all services on that server stood still behind it: 9,000 events came a minute late, every minute.",
  },
  {
    id: "schedules-after-the-checkpoint",
    title: "schedules the timeout after the transaction of the checkpoint",
    edits: [
      {
        file: "dispatcher.ts",
        find: "    await scheduleTimeout(client, event);\n",
        replace: "",
      },
      {
        file: "dispatcher.ts",
        find: `  return checkpoint;
`,
        replace: `  await scheduleTimeout(pool, event);
  return checkpoint;
`,
      },
    ],
    triedBy: dispatching,
    caughtBy: [
      "an event of a booking that is dispatched › has the effect of once, wherever the process dies and begins again",
    ],
    whatItCostsInProduction:
      "Once in 20,000 bookings the process died in between, and nobody ever told that booking that its time was up. 7 suites were held for it in the week of the fair, until a person looked.",
  },
  {
    id: "keeps-the-timeout-in-memory",
    title: "keeps the timeout in memory, with setTimeout",
    edits: [
      {
        file: "timeouts.ts",
        find: `  await db.query(
    \`insert into scheduled_messages (message_id, due_at, input, correlation_id)
     values ($1, $2, $3, $4)
     on conflict (message_id) do nothing\`,
    [eventId(event.id, 2), expiresAt, JSON.stringify(input), correlationId],
  );
`,
        replace: `  const row = { message_id: eventId(event.id, 2), input, correlation_id: correlationId };
  const wait = Math.min(Date.parse(expiresAt) - Date.parse(event.recordedAt), 2 ** 31 - 1);
  setTimeout(() => waiting.push(row), wait).unref();
`,
      },
      {
        file: "timeouts.ts",
        find: "interface MessageRow {",
        replace: `const waiting: MessageRow[] = [];

interface MessageRow {`,
      },
    ],
    triedBy: both,
    caughtBy: [
      "an event of a booking that is dispatched › has its command sent, its timeout scheduled, and the checkpoint moved",
      "an event of a booking that is dispatched › has the effect of once, wherever the process dies and begins again",
      "a timeout that is due › outlives the process that has scheduled it",
    ],
    whatItCostsInProduction:
      "A timer lives as long as its process, and processes were deployed 6 times a day. Every booking that was under way at such a moment waited for ever, with a room in its hand.",
  },
  {
    id: "deletes-the-message-first",
    title: "deletes a due message before it has told the booking",
    edits: [
      {
        file: "timeouts.ts",
        find: `    await handleInput(store, toInput(row));
    await pool.query("delete from scheduled_messages where message_id = $1", [row.message_id]);
`,
        replace: `    await pool.query("delete from scheduled_messages where message_id = $1", [row.message_id]);
    await handleInput(store, toInput(row));
`,
      },
    ],
    triedBy: timing,
    caughtBy: ["a timeout that is due › is told in the end, and once, wherever the process dies"],
    whatItCostsInProduction:
      "The process died between the two, the message was gone, and the booking had not heard it. It showed at the stocktaking: 11 rooms that had been held since spring, for nobody.",
  },
  {
    id: "fires-what-is-not-due",
    title: "delivers each message as soon as it is there",
    file: "timeouts.ts",
    find: "where due_at <= $1",
    replace: "where $1::timestamptz is not null",
    triedBy: timing,
    caughtBy: [
      "a timeout that is due › is due at its moment, and not before",
      "a timeout that is due › comes before those that are due later",
    ],
    whatItCostsInProduction:
      "Each booking was told at once that its time was up, and the fast ones were faster. With the first slow afternoon 84 % of the bookings turned back within a second of their request.",
  },
  {
    id: "replays-the-store-at-each-start",
    title: "begins at the first event of the store whenever it starts",
    file: "dispatcher.ts",
    find: "  let from = await loadCheckpoint(pool, name);\n",
    replace: `  await pool.query("delete from relay_checkpoints where relay = $1", [name]);
  let from = await loadCheckpoint(pool, name);
`,
    triedBy: dispatching,
    caughtBy: [
      "a dispatcher that starts again › goes on behind its checkpoint, and sends nothing that it has sent",
    ],
    whatItCostsInProduction:
      "To be safe it sent everything again at each start, and trusted that all would recognise it. The start took 40 minutes after a year, and a partner who recognised nothing held 3,000 rooms a second time.",
  },
  {
    id: "sends-while-it-replays",
    title: "sends the commands of all events that it meets while it replays a booking",
    edits: [
      {
        file: "outbox.ts",
        find: `  const envelope = commandFor(event);
  if (!envelope) return;
  const answer = await send(store, envelope, handleReservation);
  if (answer) await tell(store, event, answer);
`,
        replace: `  for await (const replayed of store.readStream(event.streamId)) {
    const envelope = isBookingEvent(replayed) ? commandFor(replayed) : undefined;
    if (!envelope || !isBookingEvent(replayed)) continue;
    const answer = await send(store, envelope, handleReservation);
    if (answer) await tell(store, replayed, answer);
  }
`,
      },
    ],
    triedBy: dispatching,
    caughtBy: [
      "an event of a booking that is dispatched › sends the command of this event, and not those of the events before it",
    ],
    whatItCostsInProduction:
      "A support tool loaded old bookings to show them, and with each one all its commands went out once more. It was used 25 times before somebody asked why guests wrote in whenever support looked at them.",
  },
  {
    id: "swallows-a-refusal",
    title: "logs a refusal, and tells the booking nothing",
    file: "outbox.ts",
    find: `    return { type: "CommandRefused", data: { reservationId, command, code: error.code } };`,
    replace: "    return undefined;",
    triedBy: ["bookings-on-postgres.test.ts"],
    caughtBy: [
      "bookings on PostgreSQL › are parked where nobody knows how to go on, with the reason, for a person to see",
    ],
    whatItCostsInProduction:
      "The no went to a log file, and the booking waited for an answer that had been given. When somebody counted, 1,460 bookings were under way, the oldest of them since last year.",
  },
  {
    id: "tries-for-ever",
    title: "tries a command again and again, and never gives up",
    file: "dispatcher.ts",
    find: "if ((rows[0]?.attempts ?? 0) < maxAttempts) throw error;",
    replace: "if ((rows[0]?.attempts ?? 0) < Number.POSITIVE_INFINITY) throw error;",
    triedBy: dispatching,
    caughtBy: [
      "an event of a booking that is dispatched › is parked, and behind the checkpoint, when its command was tried too often",
    ],
    whatItCostsInProduction:
      "One guest's account could not be loaded, and everything behind it waited for that one command. From Friday night to Monday morning 2,300 bookings were not moved by a single step.",
  },
];
