/** What comes in: an event of another stream, from the bus or from the store, once or more often. Given. */

import type { EventEnvelope } from "../../shared/kernel/event.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import type { BookingEvent, BookingInput } from "./booking-types.ts";
import { bookings } from "./deciders.ts";
import { type Envelope, type Handled, handle } from "./handle.ts";

/** Has the booking react, and stores that. The same input a second time has no second effect. */
export function handleInput(
  store: EventStore,
  input: Envelope<BookingInput>,
): Promise<Handled<BookingEvent>> {
  return handle(store, bookings, input);
}

/** As handleInput, for an event of any stream; one that no booking listens to is passed over. */
export async function handleEvent(store: EventStore, event: EventEnvelope): Promise<void> {
  if (!isInput(event)) return;
  const { correlationId = event.id } = event.metadata;
  // The input's id is the event's: what the booking stores gets ids that follow from it.
  const { type, data } = event;
  const command = { type, data } as BookingInput;
  await handleInput(store, { id: event.id, command, correlationId, causationId: event.id });
}

/** What a booking listens to in the streams of others. */
const listensTo = new Set<string>([
  "CreditCharged",
  "CreditRefused",
  "CreditReturned",
  "RoomHeld",
  "RoomRefused",
  "RoomReleased",
  "ReservationConfirmed",
  "StayChanged",
  "ReservationCancelled",
] satisfies readonly BookingInput["type"][]);

function isInput(event: EventEnvelope): boolean {
  return listensTo.has(event.type);
}
