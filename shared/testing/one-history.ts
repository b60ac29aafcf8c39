/** What the tests of step 02 replay: one reservation's history, whole or with a fault in it, and read with care. */

import type { ReservationEvent } from "../../solutions/01-aggregate/reservation-types.ts";
import type { EventEnvelope } from "../kernel/event.ts";
import { deepFreeze } from "./deep-freeze.ts";
import { recorded } from "./new-events.ts";
import { cancelled, confirmed, created, reservationId, stayChanged } from "./reservations.ts";

export type History = readonly EventEnvelope<ReservationEvent>[];

/** Created, confirmed, moved by a night and made longer, cancelled: versions 1 to 4, a second apart from noon. */
export const history: History = deepFreeze(
  recorded<ReservationEvent>(reservationId, [created, confirmed, stayChanged, cancelled]),
);
export const [v1, v2, v3, v4] = history as readonly [
  EventEnvelope<ReservationEvent>,
  EventEnvelope<ReservationEvent>,
  EventEnvelope<ReservationEvent>,
  EventEnvelope<ReservationEvent>,
];
/** Version 2, but of another stream. */
export const stranger: EventEnvelope<ReservationEvent> = { ...v2, streamId: "reservation-2" };

/** `v1 created, v2 confirmed`; an event of another stream is told as such. */
export function historyInBrief(events: History): string {
  if (events.length === 0) return "no events";
  return events
    .map(({ version, type, streamId }) => {
      const of = streamId === reservationId ? "" : ` of ${streamId}`;
      return `v${version} ${happened[type]}${of}`;
    })
    .join(", ");
}

const happened: Readonly<Record<ReservationEvent["type"], string>> = {
  ReservationCreated: "created",
  ReservationConfirmed: "confirmed",
  StayChanged: "stay changed",
  ReservationCancelled: "cancelled",
};

/** The InvalidHistory with which a history of reservation-1 is refused. */
export function invalid(reason: string, expectedVersion: number, actualVersion: number): object {
  const fields = { reason, streamId: reservationId, expectedVersion, actualVersion };
  return { name: "InvalidHistory", ...fields };
}

/** For one `for ... of`, and no other. */
export function* readOnce<T>(events: Iterable<T>): Iterable<T> {
  yield* events;
}

/** The events, and how many of them have been read. */
export function counted<T>(all: readonly T[]): { events: Iterable<T>; read(): number } {
  let count = 0;
  function* events(): Iterable<T> {
    for (const event of all) {
      count += 1;
      yield event;
    }
  }
  return { events: events(), read: () => count };
}
