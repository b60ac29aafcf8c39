/** What the tests of step 05 stand on: commands in their envelopes, and a store with a reservation's stream. */

import type {
  ReservationCommand,
  ReservationEvent,
  StayChanged,
} from "../../solutions/01-aggregate/reservation-types.ts";
import type { CommandEnvelope } from "../../solutions/05-command-handlers/command-types.ts";
import type { EventEnvelope, NewEvent } from "../kernel/event.ts";
import type { EventStore } from "../kernel/event-store.ts";
import { collect } from "./collect.ts";
import { inMemoryEventStore } from "./in-memory-event-store.ts";
import { newEvent } from "./new-events.ts";
import {
  cancel,
  changedAt,
  changeStay,
  confirm,
  create,
  euros,
  reservationId,
  twoNights,
} from "./reservations.ts";

export const streamId = reservationId;

export const createReservation = delivered(1, create);
export const confirmReservation = delivered(2, confirm);
export const changeTheStay = delivered(3, changeStay);
export const cancelReservation = delivered(4, cancel);

/** What somebody else does meanwhile: a night more, from the same arrival. */
export const extended: StayChanged = {
  type: "StayChanged",
  data: {
    reservationId,
    from: twoNights,
    to: { arrival: "2030-05-01", departure: "2030-05-04" },
    total: euros(360),
    changedAt,
  },
};

/** A command in an envelope whose id ends with the given number. */
export function delivered(number: number, command: ReservationCommand): CommandEnvelope {
  return { id: `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`, command };
}

/** A store in memory whose one stream has these events. */
export async function storeWith(events: readonly ReservationEvent[]): Promise<EventStore> {
  const store = inMemoryEventStore();
  await store.append(
    streamId,
    events.map((event) => newEvent(event)),
    0,
  );
  return store;
}

/** As somebody else does: whatever the version is. */
export async function append(store: EventStore, event: ReservationEvent | NewEvent): Promise<void> {
  await store.append(streamId, ["id" in event ? event : newEvent(event)], "any");
}

/** The stream, as it is stored now. */
export async function storedIn(store: EventStore): Promise<EventEnvelope<ReservationEvent>[]> {
  return (await collect(store.readStream(streamId))) as EventEnvelope<ReservationEvent>[];
}
