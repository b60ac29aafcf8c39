/** Commands to hotels, guests and bookings: step 12's write path, with an answer like step 05's. Given. */

import { ConcurrencyConflict, DomainError } from "../../shared/kernel/errors.ts";
import type { DomainEvent, EventEnvelope } from "../../shared/kernel/event.ts";
import type { AppendResult, EventStore } from "../../shared/kernel/event-store.ts";
import { load as loadReservation } from "../11-versioning/replay-stored.ts";
import type { Booking } from "../12-saga/booking-types.ts";
import { bookingStream, bookings } from "../12-saga/deciders.ts";
import { type Decider, type Envelope, handle, load } from "../12-saga/handle.ts";

/** What a command led to, whoever handled it. */
export interface Outcome {
  readonly streamId: string;
  /** The stream's version after it. */
  readonly version: number;
  readonly position?: bigint;
  readonly events: readonly DomainEvent[];
  readonly repeated: boolean;
}

/** @throws ConcurrencyConflict, DomainError */
export async function handleOther<State, Command, Event extends DomainEvent>(
  store: EventStore,
  decider: Decider<State, Command, Event>,
  envelope: Envelope<Command>,
  expectedVersion?: number,
): Promise<Outcome> {
  const streamId = decider.streamOf(envelope.command);
  let read = 0;
  let earlier: EventEnvelope | undefined;
  let appended: AppendResult | undefined;
  const watched: EventStore = {
    ...store,
    async *readStream(id, options) {
      read = 0;
      for await (const row of store.readStream(id, options)) {
        read = row.version;
        if (row.metadata.commandId === envelope.id) earlier = row;
        yield row;
      }
    },
    async append(id, events, version) {
      requireVersion(streamId, expectedVersion, read);
      appended = await store.append(id, events, version);
      return appended;
    },
  };
  const retry = expectedVersion === undefined ? {} : { maxAttempts: 1 };
  const { events, repeated } = await handle(watched, decider, envelope, retry);
  const { version, position } = appended ?? earlier ?? { version: read, position: undefined };
  if (!appended && !earlier) requireVersion(streamId, expectedVersion, read);
  return { streamId, version, events, repeated, ...(position === undefined ? {} : { position }) };
}

/**
 * What a booking needs to know, from the events of its reservation and not from the read model: a
 * command is decided on what is, not on what was a moment ago.
 * @throws DomainError unless the reservation waits, or was asked for before
 */
export async function bookingFor(
  store: EventStore,
  reservationId: string,
  expiresAt: string,
): Promise<Booking> {
  const { state } = await loadReservation(store, reservationId);
  if (state.status === "none") {
    throw new DomainError(
      "reservation-not-found",
      `There is no ${reservationId}. Create it first.`,
    );
  }
  const { version } = await load(store, bookings, bookingStream(reservationId));
  if (state.status !== "pending" && version === 0) {
    throw new DomainError(
      "reservation-not-pending",
      `${reservationId} is ${state.status}: there is nothing to book.`,
    );
  }
  const { hotelId, guestId, roomType, stay, total } = state;
  return { reservationId, hotelId, guestId, roomType, stay, total, expiresAt };
}

function requireVersion(streamId: string, expected: number | undefined, actual: number): void {
  if (expected === undefined || expected === actual) return;
  throw new ConcurrencyConflict(streamId, expected, actual);
}
