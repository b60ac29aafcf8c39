/** `npm run play 1`: one reservation's life on your `decide` and `evolve`, with no server and no clock. */

import { DomainError } from "../../shared/kernel/errors.ts";
import { decide, evolve, initialState } from "./reservation.ts";
import type { Reservation, ReservationCommand, ReservationEvent } from "./reservation-types.ts";
import { countNights } from "./stay.ts";

const reservationId = "reservation-1";
const stay = { arrival: "2030-03-30", departure: "2030-04-01" };
const longer = { arrival: "2030-03-30", departure: "2030-04-03" };

const commands: readonly ReservationCommand[] = [
  {
    type: "CreateReservation",
    data: {
      reservationId,
      hotelId: "grand-hotel",
      guestId: "guest-1",
      roomType: "double",
      guests: 2,
      stay,
      pricePerNight: { amount: 12_000, currency: "EUR" },
      now: "2030-01-10T09:00:00.000Z",
    },
  },
  { type: "ConfirmReservation", data: { reservationId, now: "2030-01-11T10:00:00.000Z" } },
  { type: "ConfirmReservation", data: { reservationId, now: "2030-01-11T10:00:07.000Z" } },
  { type: "ChangeStay", data: { reservationId, stay: longer, now: "2030-01-12T11:00:00.000Z" } },
  {
    type: "CancelReservation",
    data: { reservationId, reason: "plans changed", now: "2030-01-13T12:00:00.000Z" },
  },
  { type: "ConfirmReservation", data: { reservationId, now: "2030-01-14T13:00:00.000Z" } },
];

console.log("command              decided                   state");
const history: ReservationEvent[] = [];
let state: Reservation = initialState;
for (const command of commands) {
  const outcome = outcomeOf(command, state);
  if (typeof outcome !== "string") {
    history.push(...outcome);
    state = outcome.reduce((before, event) => evolve(before, event), state);
  }
  const decided =
    typeof outcome === "string" ? outcome : outcome.map(({ type }) => type).join(", ");
  console.log(
    `${command.type.padEnd(21)}${(decided || "nothing to do").padEnd(26)}${shown(state)}`,
  );
}

const here = shown(state);
// The events are all that there is to keep: the state comes back from them, on any computer.
console.log(`\nReplayed from its ${history.length} events, on computers around the world:`);
for (const timeZone of ["Europe/Berlin", "America/New_York", "Asia/Tokyo"]) {
  process.env.TZ = timeZone;
  const replayed = history.reduce((before, event) => evolve(before, event), initialState);
  const isSame = JSON.stringify(replayed) === JSON.stringify(state) && shown(replayed) === here;
  const same = isSame ? "the same" : "DIFFERENT";
  console.log(`  ${timeZone.padEnd(19)}${shown(replayed).padEnd(38)}${same}`);
}

function outcomeOf(
  command: ReservationCommand,
  before: Reservation,
): readonly ReservationEvent[] | string {
  try {
    return decide(command, before);
  } catch (error) {
    if (error instanceof DomainError) return `✘ ${error.code}`;
    throw error;
  }
}

function shown(reservation: Reservation): string {
  if (reservation.status === "none") return "none";
  const { amount, currency } = reservation.total;
  const nights = countNights(reservation.stay);
  return `${reservation.status}, ${nights} nights, ${(amount / 100).toFixed(2)} ${currency}`;
}
