/** `npm run play 2`: a travel through one reservation's time, on your `replay`. */

import { InvalidHistory } from "../../shared/kernel/errors.ts";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { decide, evolve, initialState } from "../01-aggregate/reservation.ts";
import type {
  Money,
  Reservation,
  ReservationCommand,
  ReservationEvent,
} from "../01-aggregate/reservation-types.ts";
import { explain, replay, stateAtVersion, stateBefore } from "./replay.ts";

const reservationId = "reservation-1";
const stay = { arrival: "2030-05-01", departure: "2030-05-03" };
const longer = { arrival: "2030-05-01", departure: "2030-05-05" };
const room = { hotelId: "grand-hotel", guestId: "guest-1", roomType: "double", guests: 2 } as const;
const pricePerNight = { amount: 12_000, currency: "EUR" };
const commands: readonly ReservationCommand[] = [
  {
    type: "CreateReservation",
    data: { reservationId, ...room, stay, pricePerNight, now: "2030-01-10T09:00:00.000Z" },
  },
  { type: "ConfirmReservation", data: { reservationId, now: "2030-01-11T10:00:00.000Z" } },
  { type: "ChangeStay", data: { reservationId, stay: longer, now: "2030-04-02T16:20:00.000Z" } },
];

const history: EventEnvelope<ReservationEvent>[] = [];
let live: Reservation = initialState;
for (const command of commands) {
  for (const event of decide(command, live)) {
    live = evolve(live, event);
    const version = history.length + 1;
    const recorded = { streamId: reservationId, version, position: BigInt(version) };
    const id = `00000000-0000-4000-8000-00000000000${version}`;
    const recordedAt = command.data.now;
    history.push({ ...event, id, schemaVersion: 1, metadata: {}, ...recorded, recordedAt });
  }
}

console.log(`now                ${shown(replay(history).state)}`);
console.log(`at version 2       ${shown(stateAtVersion(history, 2))}`);
console.log(`before 2030-02-01  ${shown(stateBefore(history, "2030-02-01T00:00:00.000Z"))}`);
console.log(`before 2030-01-01  ${shown(stateBefore(history, "2030-01-01T00:00:00.000Z"))}`);

console.log("\nWhy was the guest billed 480.00 EUR?");
for (const { version, type, recordedAt, changed } of explain(history)) {
  const total = changed.find(({ field }) => field === "total");
  const what = total ? `  total is now ${euros(total.after)}` : "";
  console.log(`  v${version}  ${recordedAt.slice(0, 10)}  ${type}${what}`);
}

console.log("\nThe same history without version 2:");
try {
  replay(history.filter(({ version }) => version !== 2));
  console.log("  replayed, as if nothing were missing. Would you bill that guest?");
} catch (error) {
  if (!(error instanceof InvalidHistory)) throw error;
  const { reason, expectedVersion, actualVersion } = error;
  console.log(`  refused: ${reason}, expected version ${expectedVersion}, found ${actualVersion}`);
}

function shown(state: Reservation): string {
  if (state.status === "none") return "no reservation yet";
  const { arrival, departure } = state.stay;
  return `${state.status.padEnd(10)} ${arrival} to ${departure}  ${euros(state.total)}`;
}

function euros(money: unknown): string {
  const { amount } = money as Money;
  return `${(amount / 100).toFixed(2)} EUR`;
}
