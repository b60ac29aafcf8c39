/** What goes out: the command that an event in a booking's stream asks for. Given. */

import { DomainError } from "../../shared/kernel/errors.ts";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import type { ReservationCommand } from "../01-aggregate/reservation-types.ts";
import { handleCommand } from "../05-command-handlers/command-handler.ts";
import type { CommandResult } from "../05-command-handlers/command-types.ts";
import { eventId } from "../05-command-handlers/event-id.ts";
import { commandFor } from "./booking-command.ts";
import type {
  BookingCommand,
  BookingEvent,
  CommandFailed,
  CommandRefused,
  NothingToDo,
} from "./booking-types.ts";
import { bookings, guests, hotels } from "./deciders.ts";
import { type Envelope, type Handled, handle } from "./handle.ts";
import { handleInput } from "./inbox.ts";

/** Whether the event stands in the stream of a booking. */
export function isBookingEvent(event: EventEnvelope): event is EventEnvelope<BookingEvent> {
  return Object.hasOwn(bookings.eventTypes, event.type);
}

/** The write path of reservations: step 05's, or what an application has put in its place. */
export type HandleReservation = (
  envelope: Envelope<ReservationCommand>,
) => Promise<Pick<CommandResult, "events">>;

/**
 * Sends the event's command and stores what comes of it. Done twice, it has the effect of once.
 *
 * The answer is an event of the one that was asked, and comes back by itself. Where there is no event,
 * because the domain said no or there was nothing to do, the booking is told here.
 */
export async function dispatch(
  store: EventStore,
  event: EventEnvelope<BookingEvent>,
  handleReservation: HandleReservation = (envelope) => handleCommand(store, envelope),
): Promise<void> {
  const envelope = commandFor(event);
  if (!envelope) return;
  const answer = await send(store, envelope, handleReservation);
  if (answer) await tell(store, event, answer);
}

/** The booking hears that its command cannot be sent, however often it is tried. */
export async function giveUp(
  store: EventStore,
  event: EventEnvelope<BookingEvent>,
  error: string,
): Promise<void> {
  const command = commandFor(event)?.command.type;
  if (!command) return;
  const { reservationId } = event.data;
  await tell(store, event, { type: "CommandFailed", data: { reservationId, command, error } });
}

type Answer = NothingToDo | CommandRefused | CommandFailed;

/** Answers what leaves no event. */
async function send(
  store: EventStore,
  envelope: Envelope<BookingCommand>,
  handleReservation: HandleReservation,
): Promise<Answer | undefined> {
  const { type: command, data } = envelope.command;
  const { reservationId } = data;
  try {
    const { events } = await sendCommand(store, envelope, handleReservation);
    if (events.length > 0) return undefined;
    return { type: "NothingToDo", data: { reservationId, command } };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return { type: "CommandRefused", data: { reservationId, command, code: error.code } };
  }
}

function sendCommand(
  store: EventStore,
  envelope: Envelope<BookingCommand>,
  handleReservation: HandleReservation,
): Promise<Pick<Handled, "events">> {
  const { command } = envelope;
  switch (command.type) {
    case "ChargeCredit":
    case "ReturnCredit":
      return handle(store, guests, { ...envelope, command });
    case "HoldRoom":
    case "ReleaseRoom":
      return handle(store, hotels, { ...envelope, command });
    case "ConfirmReservation":
    case "CancelReservation":
      return handleReservation({ ...envelope, command });
  }
}

/** Under an id that follows from the event: of several deliveries' answers the first one counts. */
async function tell(
  store: EventStore,
  { id, metadata: { correlationId = id } }: EventEnvelope<BookingEvent>,
  answer: Answer,
): Promise<void> {
  const input = { id: eventId(id, 1), command: answer, correlationId, causationId: eventId(id, 0) };
  await handleInput(store, input);
}
