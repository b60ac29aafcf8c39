/** Mistakes across aggregates: rooms that nobody holds, money that nobody has, commands that nobody asked for. */

import type { Mistake } from "./mistake.ts";

// Those that a mistake cannot reach are left out: the ones on PostgreSQL take their time.
const pure = ["hotel.test.ts", "booking-saga.test.ts", "booking-command.test.ts"];
const law = ["booking.property.test.ts"];
const pureAndLaw = [...pure, ...law];
const dispatching = ["dispatcher.test.ts"];
const timing = ["timeouts.test.ts"];
const both = [...dispatching, ...timing];

export const sagaMistakes: readonly Mistake[] = [
  {
    id: "looks-at-the-first-night",
    title: "looks for a free room in the night of the arrival only",
    file: "hotel.ts",
    find: "nightsOf(stay).every(isFree)",
    replace: "isFree(stay.arrival)",
    triedBy: pure,
    caughtBy: [
      "a room for a booking › is refused when only the second of three nights is full",
      "a room for a booking › is refused when only the last of three nights is full",
    ],
    whatItCostsInProduction:
      "Whoever arrived on a quiet Thursday got a room for the weekend of the fair, which had been full since March. On Friday evening 14 guests with a confirmation stood before a desk without a key.",
  },
  {
    id: "counts-the-day-of-departure",
    title: "counts a room as taken in the night after the guest has left",
    file: "hotel.ts",
    find: "arrival <= night && night < departure",
    replace: "arrival <= night && night <= departure",
    triedBy: pure,
    caughtBy: [
      "a room for a booking › is held where no night is full, though all nights together have as many guests as rooms",
      "a room for a booking › is free again in the night after a departure",
    ],
    whatItCostsInProduction:
      "Every room stood empty for the night between two guests, and the system called it full. A house of 120 rooms sold 31 of them less on an average night, and the manager blamed the season.",
  },
  {
    id: "counts-rooms-of-all-types",
    title: "counts the held rooms of all types against those of one",
    file: "hotel.ts",
    find: "room.roomType === roomType && isIn(night, room.stay)",
    replace: "isIn(night, room.stay)",
    triedBy: pure,
    caughtBy: ["a room for a booking › does not care for rooms of another type"],
    whatItCostsInProduction:
      "Forty singles were held by a congress, and the two suites of the house counted as taken. They stayed free for 3 nights at 900 euros each.",
  },
  {
    id: "holds-after-the-release",
    title: "holds a room for a booking that has released it already",
    file: "hotel.ts",
    find: "if (known === undefined && nightsOf",
    replace: "if (nightsOf",
    triedBy: pureAndLaw,
    caughtBy: [
      "a room for a booking › is refused to a booking that has released it before it asked",
    ],
    whatItCostsInProduction:
      "A booking timed out, its release overtook its hold, and the hold found an open door. Such rooms were held by nobody and for ever: 63 by the end of the quarter.",
  },
  {
    id: "releases-only-what-is-held",
    title: "has nothing to say to a release when no room is held yet",
    file: "hotel.ts",
    find: `if (state.bookings.get(reservationId)?.status === "released") return [];`,
    replace: `if (state.bookings.get(reservationId)?.status !== "held") return [];`,
    triedBy: pureAndLaw,
    caughtBy: [
      "bookings in any order of events › delivered twice, late, or to a process that dies, with timeouts at any moment, end with rooms and credit conserved",
      "bookings in any order of events › replayed from their streams send nothing",
    ],
    whatItCostsInProduction:
      "The release came before the hold, found nothing to release, and left no trace; then the hold came. Each slow minute of the network left 2 rooms held for bookings that had ended.",
  },
  {
    id: "forgets-what-it-returned",
    title: "does not remember that a booking's credit was given back",
    file: "guest.ts",
    find: `const returned = withBooking(state, reservationId, { status: "returned" });`,
    replace: "const returned = state;",
    triedBy: pureAndLaw,
    caughtBy: [
      "bookings in any order of events › delivered twice, late, or to a process that dies, with timeouts at any moment, end with rooms and credit conserved",
    ],
    whatItCostsInProduction:
      "Whoever cancelled by hand a booking that had just timed out got the credit back for both. In a forum it was called the 240-euro trick, and 380 guests knew it.",
  },
  {
    id: "takes-any-answer-for-a-yes",
    title: "goes on when the hotel has answered, whatever the answer was",
    file: "booking-saga.ts",
    find: `      if (input.type !== "RoomHeld") return [];`,
    replace: `      if (input.type !== "RoomHeld" && input.type !== "RoomRefused") return [];`,
    triedBy: pureAndLaw,
    caughtBy: [
      "a booking that turns back › returns the credit when there is no room",
      "bookings in any order of events › delivered twice, late, or to a process that dies, with timeouts at any moment, end with rooms and credit conserved",
    ],
    whatItCostsInProduction:
      "A refusal was an event like any other, and the reservation behind it was confirmed. On the first day of the sale 212 guests had paid for rooms that the hotel had refused.",
  },
  {
    id: "waits-for-the-desk",
    title: "waits for a confirmation that was there before it asked",
    file: "booking-saga.ts",
    find: `      if (input.type !== "ReservationConfirmed" && !isDone(input, "ConfirmReservation")) return [];`,
    replace: `      if (input.type !== "ReservationConfirmed") return [];`,
    triedBy: pureAndLaw,
    caughtBy: [
      "a booking that goes forward › is complete, too, when the desk had confirmed the reservation before",
      "bookings in any order of events › delivered twice, late, or to a process that dies, with timeouts at any moment, end with rooms and credit conserved",
      "bookings in any order of events › replayed from their streams send nothing",
    ],
    whatItCostsInProduction:
      "The desk had confirmed by hand, so the command had nothing to do and left no event, and the booking waited for one. After 15 minutes it timed out and cancelled the reservation of a guest who sat in the bar; 9 a week.",
  },
  {
    id: "trusts-that-nothing-was-held",
    title: "gives the credit back and no room, where the hotel has not answered yet",
    file: "booking-saga.ts",
    find: `if (status === "charging" || status === "returning") {`,
    replace: `if (status === "charging" || status === "holding" || status === "returning") {`,
    triedBy: pureAndLaw,
    caughtBy: [
      "a booking that turns back › releases the room when time is up while the hotel has not answered: it may hold one",
      "a booking that turns back › releases the room when the reservation is cancelled by hand after a room is asked for",
      "a booking that turns back › goes back from where it stood when one that is parked is cancelled by hand",
      "bookings in any order of events › delivered twice, late, or to a process that dies, with timeouts at any moment, end with rooms and credit conserved",
    ],
    whatItCostsInProduction:
      "No answer was taken for a no; it came a second later, as a yes. On evenings when the hotel's system was slow 1 room in 40 was held for a booking that had given up.",
  },
  {
    id: "trusts-that-nothing-was-charged",
    title: "gives no credit back where the guest's account has not answered yet",
    file: "booking-saga.ts",
    find: `if (status === "cancelling") {`,
    replace: `if (status === "cancelling" || status === "charging") {`,
    triedBy: pureAndLaw,
    caughtBy: [
      "a booking that turns back › returns the credit when time is up while the charge is on its way: it may have been charged",
      "a booking that turns back › returns the credit when the reservation is cancelled by hand while the charge is on its way",
      "bookings in any order of events › delivered twice, late, or to a process that dies, with timeouts at any moment, end with rooms and credit conserved",
    ],
    whatItCostsInProduction:
      "The booking ended while its charge was still on the way, and the charge arrived. 120 guests had paid 240.00 EUR for a reservation that was cancelled, and found out from their bank.",
  },
  {
    id: "turns-back-twice",
    title: "turns back again when time is up on the way back",
    file: "booking-saga.ts",
    find: `if (input.type === "BookingTimedOut" && isOnTheWay) return`,
    replace: `if (input.type === "BookingTimedOut" && status !== "booked") return`,
    triedBy: pure,
    caughtBy: ["a booking on its way back › does not turn back a second time when time is up"],
    whatItCostsInProduction:
      "Each booking that was on its way back when its time was up did all of it once more. The payment provider took a fee for 2 refunds each, and its fraud department closed the account.",
  },
  {
    id: "times-out-when-all-is-booked",
    title: "gives up a booking that was completed when its time is up",
    file: "booking-saga.ts",
    find: `if (input.type === "BookingTimedOut" && isOnTheWay) return`,
    replace: `if (input.type === "BookingTimedOut" && (isOnTheWay || status === "booked")) return`,
    triedBy: pureAndLaw,
    caughtBy: ["a booking that has come to its end › hears no timeout when all is booked"],
    whatItCostsInProduction:
      "Nobody takes a timeout out of the table when a booking is complete, so it came, 15 minutes later, to all of them. By noon 640 confirmed reservations were cancelled again.",
  },
  {
    id: "forgets-it-once-it-is-booked",
    title: "does not listen any more once all is booked",
    file: "booking-saga.ts",
    find: `(isOnTheWay || status === "booked")) {`,
    replace: "isOnTheWay) {",
    triedBy: pureAndLaw,
    caughtBy: [
      "a booking that turns back › releases the room when the reservation is cancelled by hand after all is booked",
      "bookings in any order of events › delivered twice, late, or to a process that dies, with timeouts at any moment, end with rooms and credit conserved",
    ],
    whatItCostsInProduction:
      "A guest who cancelled in time kept neither the room nor the money: the hotel held the one, and the account had paid the other. After a month 900 nights were sold to people who had cancelled.",
  },
  {
    id: "makes-a-new-id-for-each-sending",
    title: "sends a command under a random id each time",
    edits: [
      {
        file: "booking-command.ts",
        find: `import type { EventEnvelope } from "../../shared/kernel/event.ts";
`,
        replace: `import { randomUUID } from "node:crypto";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
`,
      },
      {
        file: "booking-command.ts",
        find: "id: eventId(event.id, 0),",
        replace: "id: randomUUID(),",
      },
    ],
    triedBy: pureAndLaw,
    caughtBy: [
      "the command that an event asks for › has the same id each time that the event comes",
      "bookings in any order of events › replayed from their streams send nothing",
    ],
    whatItCostsInProduction:
      "After a crash the command came again as a stranger, was decided anew, and found that there was nothing to do. The booking heard that instead of its answer: 18 of them stood still each time that a process died.",
  },
  {
    id: "begins-a-correlation-of-its-own",
    title: "begins a correlation of its own for each command",
    file: "booking-command.ts",
    find: "const { correlationId = event.id } = event.metadata;",
    replace: "const correlationId = event.id;",
    triedBy: pure,
    caughtBy: [
      "the command that an event asks for › belongs to the request that the booking belongs to, and names the event as its cause",
    ],
    whatItCostsInProduction:
      "One booking was found in the logs as five requests of nobody, in four streams. To find out why a guest was charged took support 50 minutes, 30 times a week.",
  },
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
