/**
 * Loads a reservation from its events. There is no `save`: what is saved are the events that a
 * command decided, and the command handler appends those itself.
 */

import { UnknownEventType } from "../../shared/kernel/errors.ts";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import type { Reservation, ReservationEvent } from "../01-aggregate/reservation-types.ts";

export interface Loaded {
  readonly state: Reservation;
  /** The version at which the state was read; 0 when there is no such stream. */
  readonly version: number;
  /** The events that an earlier delivery of the command has stored; empty when there was none. */
  readonly earlier: readonly EventEnvelope<ReservationEvent>[];
}

/**
 * Reads the stream and folds it while it comes, without keeping it.
 *
 * @param commandId the command about to be decided: its events are picked out as `earlier`
 */
export async function load(
  store: EventStore,
  streamId: string,
  commandId?: string,
): Promise<Loaded> {
  // TODO: each event that the store reads, made sure of by asReservationEvent: replay it onto
  // what you have so far, and keep it in `earlier` when its metadata names this command.
  throw new NotImplemented("load");
}

/** The event as one of a reservation, or UnknownEventType: newer code may have written it. */
export function asReservationEvent(event: EventEnvelope): EventEnvelope<ReservationEvent> {
  if (!isReservationEvent(event)) throw new UnknownEventType(event.type);
  return event;
}

const known: Readonly<Record<ReservationEvent["type"], true>> = {
  ReservationCreated: true,
  ReservationConfirmed: true,
  StayChanged: true,
  ReservationCancelled: true,
};

function isReservationEvent(event: EventEnvelope): event is EventEnvelope<ReservationEvent> {
  return Object.hasOwn(known, event.type);
}
