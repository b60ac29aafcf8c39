/**
 * The booking's state machine as a picture, from the code itself: every input is tried in every state that
 * can be reached. So the README of step 12 cannot draw what the reference does not do.
 */

import { commandFor } from "../../solutions/12-saga/booking-command.ts";
import { evolve, initialState, react } from "../../solutions/12-saga/booking-saga.ts";
import type {
  Booking,
  BookingCommand,
  BookingEvent,
  BookingInput,
  BookingState,
} from "../../solutions/12-saga/booking-types.ts";

/** The way there, and the way back. */
export function bookingDiagram(): string {
  return drawn(transitions().filter(({ from, to }) => from !== "parked" && to !== "parked"));
}

/** Where a person has to look, and how it goes on from there. */
export function deadEndDiagram(): string {
  return drawn(transitions().filter(({ from, to }) => from === "parked" || to === "parked"));
}

interface Transition {
  readonly from: string;
  readonly to: string;
  readonly inputs: readonly string[];
  readonly command: string | undefined;
}

function drawn(all: readonly Transition[]): string {
  const lines = all.map(({ from, to, inputs, command }) => {
    const asks = command === undefined ? "" : ` / ${command}`;
    return `  ${from} --> ${to}: ${inputs.join(" or ")}${asks}`;
  });
  const isEnd = (state: string): boolean => !all.some(({ from }) => from === state);
  const ends = [...new Set(all.map(({ to }) => to))].filter(
    (state) => state === "cancelled" && isEnd(state),
  );
  return ["stateDiagram-v2", ...lines, ...ends.map((state) => `  ${state} --> [*]`)].join("\n");
}

/** From the first state on, in the order in which they are found. */
function transitions(): readonly Transition[] {
  const found = new Map<string, Transition>();
  const seen = new Set<string>();
  const waiting: BookingState[] = [initialState];
  for (let state = waiting.shift(); state; state = waiting.shift()) {
    if (seen.has(keyOf(state))) continue;
    seen.add(keyOf(state));
    for (const { name, input } of inputs) {
      const events = react(input, state);
      if (events.length === 0) continue;
      const next = events.reduce(evolve, state);
      const command = events.map(commandOf).find((type) => type !== undefined);
      const edge = { from: nameOf(state), to: nameOf(next), command };
      const key = JSON.stringify(edge);
      const before = found.get(key)?.inputs ?? [];
      found.set(key, { ...edge, inputs: [...new Set([...before, name])] });
      waiting.push(next);
    }
  }
  return [...found.values()];
}

/** One that is parked goes back from where it stood. */
function keyOf(state: BookingState): string {
  return state.status === "parked" ? `parked at ${state.at}` : state.status;
}

function nameOf({ status }: BookingState): string {
  return status === "none" ? "[*]" : status;
}

function commandOf(event: BookingEvent): string | undefined {
  const recorded = { id: "0", streamId: "0", version: 1, position: 1n, schemaVersion: 1 };
  return commandFor({ ...event, ...recorded, metadata: {}, recordedAt: "" })?.command.type;
}

const reservationId = "reservation-1";
const hotelId = "hotel-1";
const guestId = "guest-1";
const stay = { arrival: "2030-05-01", departure: "2030-05-03" };
const total = { amount: 24_000, currency: "EUR" };
const at = "2030-01-10T09:00:00.000Z";
const room = { hotelId, reservationId, roomType: "double", stay } as const;
const booking: Booking = { ...room, guestId, total, expiresAt: at };

/** One of each: a new input that is not here does not compile. */
const samples: { readonly [Type in BookingInput["type"]]: unknown } = {
  RequestBooking: booking,
  CreditCharged: { guestId, reservationId, amount: total, chargedAt: at },
  CreditRefused: { guestId, reservationId, reason: "no-credit", refusedAt: at },
  RoomHeld: { ...room, heldAt: at },
  RoomRefused: { hotelId, reservationId, reason: "no-room", refusedAt: at },
  ReservationConfirmed: { reservationId, confirmedAt: at },
  NothingToDo: undefined,
  BookingTimedOut: { reservationId },
  RoomReleased: { hotelId, reservationId, releasedAt: at },
  CreditReturned: { guestId, reservationId, amount: total, returnedAt: at },
  ReservationCancelled: { reservationId, reason: "plans changed", cancelledAt: at },
  StayChanged: { reservationId, from: stay, to: stay, total, changedAt: at },
  CommandRefused: undefined,
  CommandFailed: undefined,
};

const commands: readonly BookingCommand["type"][] = [
  "ChargeCredit",
  "HoldRoom",
  "ConfirmReservation",
  "ReleaseRoom",
  "ReturnCredit",
  "CancelReservation",
];

interface NamedInput {
  readonly name: string;
  readonly input: BookingInput;
}

/** Those about a command are tried for each command. */
const inputs: readonly NamedInput[] = Object.entries(samples).flatMap(([type, data]) => {
  if (data !== undefined) return [{ name: type, input: { type, data } as BookingInput }];
  return commands.map((command) => {
    const about = { reservationId, command, code: "no", error: "no" };
    return { name: type, input: { type, data: about } as BookingInput };
  });
});
