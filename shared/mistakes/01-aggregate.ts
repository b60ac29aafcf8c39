/** Mistakes in the aggregate: a decision that is no function of its input, or a rule in the wrong place. */

import type { Mistake } from "./mistake.ts";

export const aggregateMistakes: readonly Mistake[] = [
  {
    id: "changes-the-state-in-place",
    title: "changes the state that it was given, instead of returning a new one",
    file: "reservation.ts",
    find: "return { ...state, stay: event.data.to, total: event.data.total };",
    replace: "return Object.assign(state, { stay: event.data.to, total: event.data.total });",
    caughtBy: [
      "the state of a reservation › has the new stay and the new total after StayChanged",
      "the state of a reservation › follows the events, even where a bug once changed what was cancelled",
      "the state of a reservation › is a new value: the state before stays as it was",
      "the laws of an aggregate › folding a history twice gives equal states, on any two computers",
      "the laws of an aggregate › deciding twice on the same state gives equal events, on any two computers",
    ],
    whatItCostsInProduction:
      "A cache held the state of 4,000 reservations, and every preview of a longer stay was written into it. On Sunday 61 guests who had only asked for a price were billed for nights that they never booked.",
  },
  {
    id: "reads-the-clock-in-evolve",
    title: "takes the time of the confirmation from the clock, while it folds",
    file: "reservation.ts",
    find: 'status: "confirmed", confirmedAt: event.data.confirmedAt }',
    replace: 'status: "confirmed", confirmedAt: new Date().toISOString() }',
    caughtBy: [
      "the state of a reservation › is confirmed after ReservationConfirmed, and keeps the rest",
      "the laws of an aggregate › folding a history twice gives equal states, on any two computers",
    ],
    whatItCostsInProduction:
      "Every restart replayed 90,000 reservations, and each was confirmed anew, today at 06:02. The rule for free cancellation within 24 hours then held for all of them, and 312 guests used it.",
  },
  {
    id: "counts-nights-in-local-time",
    title: "counts the nights between two local midnights",
    file: "stay.ts",
    find: `  const arrival = Date.parse(\`\${stay.arrival}T00:00:00.000Z\`);
  const departure = Date.parse(\`\${stay.departure}T00:00:00.000Z\`);
  return (departure - arrival) / millisecondsPerDay;`,
    replace: `  const arrival = new Date(\`\${stay.arrival}T00:00:00\`).getTime();
  const departure = new Date(\`\${stay.departure}T00:00:00\`).getTime();
  return Math.floor((departure - arrival) / millisecondsPerDay);`,
    caughtBy: [
      "the nights of a stay › are two in Europe/Berlin, where an hour is missing (2030-03-30 to 2030-04-01)",
      "the nights of a stay › are two in America/New_York, where an hour is missing (2030-03-09 to 2030-03-11)",
      "the nights of a stay › are two in America/Santiago, where midnight is missing (2030-09-07 to 2030-09-09)",
      "the nights of a stay › are two in Pacific/Apia, where a whole day is missing (2011-12-29 to 2011-12-31)",
      "the nights of a stay › are the same on computers in all time zones",
      "the laws of an aggregate › counting nights forwards from any day equals the calendar, in every time zone",
      "the laws of an aggregate › deciding twice on the same state gives equal events, on any two computers",
    ],
    whatItCostsInProduction:
      "In the night of 31 March the clocks of Berlin skipped an hour, so that two nights had 47 of them and counted as one. The hotel billed 86 guests a night too little, and heard of it from its auditor in June.",
  },
  {
    id: "confirms-a-cancelled-reservation",
    title: "confirms a reservation that was cancelled",
    file: "reservation.ts",
    find: `    case "ConfirmReservation":
      if (state.status === "cancelled") throw isCancelled(reservationId);
`,
    replace: `    case "ConfirmReservation":
`,
    caughtBy: ["a cancelled reservation › cannot be confirmed"],
    whatItCostsInProduction:
      "A payment that arrived ten minutes after the guest had cancelled confirmed the reservation again. Three such rooms stood empty over Easter, and three guests had 540 euros charged for nights that they had given back.",
  },
  {
    id: "decides-an-event-for-nothing",
    title: "decides a second ReservationConfirmed when all is confirmed already",
    file: "reservation.ts",
    find: `      if (state.status === "confirmed") return [];
`,
    replace: "",
    caughtBy: [
      "a confirmed reservation › decides nothing when it is confirmed again",
      "the laws of an aggregate › a command that has just been obeyed decides nothing, or is refused as done",
    ],
    whatItCostsInProduction:
      "The payment provider delivers each notice up to five times, and each one became an event with an e-mail behind it. One guest received the same confirmation 14 times in a night and cancelled, in writing.",
  },
  {
    id: "judges-in-evolve",
    title: "checks today's rules when it takes down what happened long ago",
    file: "reservation.ts",
    find: "    const { createdAt, ...details } = event.data;\n",
    replace: `    const { createdAt, ...details } = event.data;
    requireValidGuests(details.roomType, details.guests);
`,
    caughtBy: [
      "the state of a reservation › takes a fact down, even one that today's rules would refuse",
    ],
    whatItCostsInProduction:
      "In May a suite was cut from six beds to four, and from that deployment on 217 reservations for five or six could be neither read nor cancelled. The fire brigade of the fix was a script that edited events, which is the one thing that nobody may do.",
  },
  {
    id: "refuses-to-cancel-twice",
    title: "answers the second cancellation with an error",
    file: "reservation.ts",
    find: `      if (state.status === "cancelled") return [];
      const { reason }`,
    replace: `      if (state.status === "cancelled") throw isCancelled(reservationId);
      const { reason }`,
    caughtBy: [
      "a cancelled reservation › decides nothing when it is cancelled again, whatever the reason",
      "the laws of an aggregate › a command that has just been obeyed decides nothing, or is refused as done",
    ],
    whatItCostsInProduction:
      "A phone in a tunnel sent its cancellation again, and the app showed its owner a red error for what had worked. 40 such guests a week called the desk, at six minutes each, to cancel what was cancelled.",
  },
  {
    id: "compares-stays-by-reference",
    title: "compares two stays as objects, which are never the same one",
    file: "reservation.ts",
    find: "if (from.arrival === to.arrival && from.departure === to.departure) return [];",
    replace: "if (from === to) return [];",
    caughtBy: [
      "a pending reservation › decides nothing when asked for the stay that it has, however late",
    ],
    whatItCostsInProduction:
      "The form sent the whole reservation on each save, and every save of a phone number became a StayChanged. Housekeeping replanned 1,100 rooms a day for stays that had not moved by an hour.",
  },
  {
    id: "agrees-to-the-stay-of-a-cancelled-one",
    title:
      "looks whether the stay is the same before it looks whether the reservation is cancelled",
    edits: [
      {
        file: "reservation.ts",
        find: `    case "ChangeStay": {
      if (state.status === "cancelled") throw isCancelled(reservationId);
`,
        replace: `    case "ChangeStay": {
`,
      },
      {
        file: "reservation.ts",
        find: "if (from.arrival === to.arrival && from.departure === to.departure) return [];\n",
        replace: `if (from.arrival === to.arrival && from.departure === to.departure) return [];
      if (state.status === "cancelled") throw isCancelled(reservationId);
`,
      },
    ],
    caughtBy: ["a cancelled reservation › cannot change its stay, not even to the one that it had"],
    whatItCostsInProduction:
      "A guest who had cancelled thought better of it and saved her old dates again; nothing was wrong with them, so the app said thank you. 31 such guests came in August, and the hotel was full.",
  },
  {
    id: "keeps-the-old-total",
    title: "changes the stay and keeps the price of the old one",
    file: "reservation.ts",
    find: "const total = priceOf(to, pricePerNight);",
    replace: "const { total } = state;",
    caughtBy: [
      "a pending reservation › can change its stay, at the price per night that was agreed",
      "a pending reservation › can change the day of arrival alone, or of departure alone",
      "a confirmed reservation › can still change its stay",
    ],
    whatItCostsInProduction:
      "Guests learned that one books a night and then makes it a week. It took the chain 19 days and 23,000 euros to learn it, too.",
  },
];
