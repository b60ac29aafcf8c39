/** The booking, whose way forward is a table: for each state the answer that it hopes for, and the next step. */

import type {
  ActiveBooking,
  BookingCommand,
  BookingEvent,
  BookingInput,
  BookingState,
  Waiting,
} from "../../../../solutions/12-saga/booking-types.ts";

export const initialState: BookingState = { status: "none" };

/** What this input leads to: nothing, where it is no news, or comes too late. */
export function react(input: BookingInput, state: BookingState): readonly BookingEvent[] {
  switch (state.status) {
    case "none":
      if (input.type !== "RequestBooking") return [];
      return [{ type: "BookingRequested", data: input.data }];
    case "cancelled":
      return [];
    case "parked":
      // Whoever looks after it has cancelled the reservation: back from where it stood.
      if (input.type !== "ReservationCancelled") return [];
      return [turnBack({ ...state, status: state.at }, "cancelled-by-hand")];
    default: {
      const reason = deadEnd(input, state);
      if (reason !== undefined) return [parked(state, reason)];
      const forward = goForward(input, state);
      return forward.length > 0 ? forward : goBack(input, state);
    }
  }
}

/** On the way there: each answer that was hoped for asks for the next step. */
export function goForward(input: BookingInput, state: ActiveBooking): readonly BookingEvent[] {
  const { status } = state;
  if (status !== "charging" && status !== "holding" && status !== "confirming") return [];
  const { isHopedFor, next } = stepsForward[status];
  return isHopedFor(input) ? [next(state.booking)] : [];
}

interface StepForward {
  readonly isHopedFor: (input: BookingInput) => boolean;
  readonly next: (booking: ActiveBooking["booking"]) => BookingEvent;
}

/** What each state waits for, and what is asked for then: the way of a booking, to be read from top to bottom. */
const stepsForward: Readonly<Record<"charging" | "holding" | "confirming", StepForward>> = {
  charging: {
    isHopedFor: ({ type }) => type === "CreditCharged",
    next: ({ reservationId, hotelId, roomType, stay }) => ({
      type: "HoldRequested",
      data: { reservationId, hotelId, roomType, stay },
    }),
  },
  holding: {
    isHopedFor: ({ type }) => type === "RoomHeld",
    next: ({ reservationId }) => ({ type: "ConfirmationRequested", data: { reservationId } }),
  },
  confirming: {
    isHopedFor: (input) =>
      input.type === "ReservationConfirmed" || isDone(input, "ConfirmReservation"),
    next: ({ reservationId }) => ({ type: "BookingCompleted", data: { reservationId } }),
  },
};

/** The first step back: undoes the last step that may have been taken, also where no answer came yet. */
export function turnBack(state: ActiveBooking, reason: string): BookingEvent {
  const { reservationId, hotelId, guestId } = state.booking;
  const { status } = state;
  if (status === "cancelling") {
    return { type: "CancellationRequested", data: { reservationId, reason } };
  }
  if (status === "charging" || status === "returning") {
    return { type: "ReturnRequested", data: { reservationId, guestId, reason } };
  }
  return { type: "ReleaseRequested", data: { reservationId, hotelId, reason } };
}

/** The turning points, and each step back after the one before it. */
export function goBack(input: BookingInput, state: ActiveBooking): readonly BookingEvent[] {
  const { status, reason } = state;
  const { reservationId, guestId } = state.booking;
  const isOnTheWay = status === "charging" || status === "holding" || status === "confirming";
  switch (status) {
    case "charging":
      // Nothing was charged: there is nothing to return.
      if (input.type !== "CreditRefused") break;
      return [
        { type: "CancellationRequested", data: { reservationId, reason: input.data.reason } },
      ];
    case "holding":
      if (input.type !== "RoomRefused") break;
      return [
        { type: "ReturnRequested", data: { reservationId, guestId, reason: input.data.reason } },
      ];
    case "confirming":
      if (input.type !== "CommandRefused" || input.data.command !== "ConfirmReservation") break;
      return [turnBack(state, input.data.code)];
    case "releasing":
      if (input.type !== "RoomReleased" && !isDone(input, "ReleaseRoom")) break;
      return [{ type: "ReturnRequested", data: { reservationId, guestId, reason } }];
    case "returning":
      if (input.type !== "CreditReturned" && !isDone(input, "ReturnCredit")) break;
      return [{ type: "CancellationRequested", data: { reservationId, reason } }];
    case "cancelling":
      if (input.type !== "ReservationCancelled" && !isDone(input, "CancelReservation")) break;
      return [{ type: "BookingCancelled", data: { reservationId, reason } }];
  }
  if (input.type === "BookingTimedOut" && isOnTheWay) return [turnBack(state, "timed-out")];
  if (input.type === "ReservationCancelled" && (isOnTheWay || status === "booked")) {
    return [turnBack(state, "cancelled-by-hand")];
  }
  return [];
}

export function evolve(state: BookingState, event: BookingEvent): BookingState {
  if (event.type === "BookingRequested") {
    return { status: "charging", booking: event.data, reason: "" };
  }
  if (state.status === "none") return state;
  const { booking } = state;
  switch (event.type) {
    case "HoldRequested":
      return { status: "holding", booking, reason: "" };
    case "ConfirmationRequested":
      return { status: "confirming", booking, reason: "" };
    case "BookingCompleted":
      return { status: "booked", booking, reason: "" };
    case "ReleaseRequested":
      return { status: "releasing", booking, reason: event.data.reason };
    case "ReturnRequested":
      return { status: "returning", booking, reason: event.data.reason };
    case "CancellationRequested":
      return { status: "cancelling", booking, reason: event.data.reason };
    case "BookingCancelled":
      return { status: "cancelled", booking, reason: event.data.reason };
    case "BookingParked":
      if (state.status === "cancelled" || state.status === "parked") return state;
      return { status: "parked", booking, at: state.status, reason: event.data.reason };
    default:
      return event satisfies never;
  }
}

/** The command whose answer a booking waits for. */
export const awaitedCommand: Readonly<Record<Waiting, BookingCommand["type"]>> = {
  charging: "ChargeCredit",
  holding: "HoldRoom",
  confirming: "ConfirmReservation",
  releasing: "ReleaseRoom",
  returning: "ReturnCredit",
  cancelling: "CancelReservation",
};

/** Why nobody here knows how to go on; undefined where somebody may. */
function deadEnd(input: BookingInput, state: ActiveBooking): string | undefined {
  const isUndone = /^(charging|holding|confirming|booked)$/.test(state.status);
  if (input.type === "StayChanged") return isUndone ? "stay-changed" : undefined;
  if (input.type !== "CommandFailed" && input.type !== "CommandRefused") return undefined;
  const { command } = input.data;
  if (state.status === "booked" || command !== awaitedCommand[state.status]) return undefined;
  if (input.type === "CommandFailed") return `${command} failed: ${input.data.error}`;
  // A reservation that cannot be confirmed is a reason to turn back.
  return command === "ConfirmReservation" ? undefined : `${command} refused: ${input.data.code}`;
}

function parked({ booking: { reservationId } }: ActiveBooking, reason: string): BookingEvent {
  return { type: "BookingParked", data: { reservationId, reason } };
}

/** Whether the command was answered with: it is so already. */
function isDone(input: BookingInput, command: BookingCommand["type"]): boolean {
  return input.type === "NothingToDo" && input.data.command === command;
}
