/** Mistakes in what hotel, guest and booking decide and ask for: rooms that nobody holds, money that nobody has. */

import type { Mistake } from "./mistake.ts";

// Those that a mistake cannot reach are left out: the ones on PostgreSQL take their time.
const pure = ["hotel.test.ts", "booking-saga.test.ts", "booking-command.test.ts"];
const law = ["booking.property.test.ts"];
const pureAndLaw = [...pure, ...law];

export const bookingMistakes: readonly Mistake[] = [
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
];
