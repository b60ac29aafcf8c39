/** From an event in the booking's stream to the command that it asks for: the stream is an outbox. */

import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import type { BookingCommand, BookingEvent } from "./booking-types.ts";
import type { Envelope } from "./handle.ts";

/** The command in its envelope; undefined where the event asks for none. */
export function commandFor(
  event: EventEnvelope<BookingEvent>,
): Envelope<BookingCommand> | undefined {
  // TODO: commandIn says what to send. Its envelope: an id that is the same on every delivery
  // of this event (eventId, of ../05-command-handlers/event-id.ts, index 0), the event's
  // correlationId (its own id, where its metadata has none), and the event as causationId.
  throw new NotImplemented("commandFor");
}

/** The time that travels in the command is when it was asked for: no clock is read here. */
function commandIn(event: EventEnvelope<BookingEvent>): BookingCommand | undefined {
  const now = event.recordedAt;
  switch (event.type) {
    case "BookingRequested": {
      const { reservationId, guestId, total: amount } = event.data;
      return { type: "ChargeCredit", data: { reservationId, guestId, amount, now } };
    }
    case "HoldRequested":
      return { type: "HoldRoom", data: { ...event.data, now } };
    case "ConfirmationRequested":
      return { type: "ConfirmReservation", data: { ...event.data, now } };
    case "ReleaseRequested": {
      const { reservationId, hotelId } = event.data;
      return { type: "ReleaseRoom", data: { reservationId, hotelId, now } };
    }
    case "ReturnRequested": {
      const { reservationId, guestId } = event.data;
      return { type: "ReturnCredit", data: { reservationId, guestId, now } };
    }
    case "CancellationRequested":
      return { type: "CancelReservation", data: { ...event.data, now } };
    case "BookingCompleted":
    case "BookingCancelled":
    case "BookingParked":
      return undefined;
    default:
      return event satisfies never;
  }
}
