/**
 * Sends the commands that bookings have asked for, in commit order, behind a checkpoint of its own.
 * The process may die between any two statements: nothing is lost, and what is sent again does no harm.
 */

import type { Pool } from "pg";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import { loadCheckpoint, moveCheckpoint } from "../06-publishing/checkpoint.ts";
import {
  type Checkpoint,
  type CommittedEvent,
  readAllCommitted,
} from "../06-publishing/commit-order.ts";
import type { BookingEvent } from "./booking-types.ts";
import { dispatch, giveUp, type HandleReservation, isBookingEvent } from "./outbox.ts";

export interface Dispatcher {
  readonly pool: Pool;
  readonly store: EventStore;
  /** Under which its checkpoint is kept, beside those of the relays. */
  readonly name: string;
  /** After so many failures a command is given up, and its booking parked; 5 when left out. */
  readonly maxAttempts?: number;
  /** How commands to reservations are handled; as in step 05 when left out. */
  readonly handleReservation?: HandleReservation;
}

interface CommittedBookingEvent extends CommittedEvent {
  readonly event: EventEnvelope<BookingEvent>;
}

/**
 * One event of a booking: its command, its timeout, the checkpoint. Answers where the dispatcher
 * stands then; `from` is where it stood.
 */
export async function dispatchNext(
  dispatcher: Dispatcher,
  from: Checkpoint,
  { event, checkpoint }: CommittedBookingEvent,
): Promise<Checkpoint> {
  // TODO: three things, in an order that survives a crash between any two statements: sendOrGiveUp;
  // scheduleTimeout, of ./timeouts.ts; moveCheckpoint (of dispatcher.name) from `from` to
  // `checkpoint`. Two of them belong in one transaction: inTransaction, of
  // ../08-projections/transaction.ts, and its client for both. Answer `checkpoint`.
  throw new NotImplemented("dispatchNext");
}

/** All that bookings ask for by now, beginning where the last run ended; answers how many events of them there were. */
export async function dispatchAll(dispatcher: Dispatcher): Promise<number> {
  const { pool, name } = dispatcher;
  let from = await loadCheckpoint(pool, name);
  let dispatched = 0;
  for (;;) {
    const batch = await readAllCommitted(pool, { after: from });
    const last = batch.at(-1);
    if (!last) return dispatched;
    for (const committed of batch) {
      if (!isOfBooking(committed)) continue;
      from = await dispatchNext(dispatcher, from, committed);
      dispatched += 1;
    }
    if (from.position === last.checkpoint.position) continue;
    await moveCheckpoint(pool, name, from, last.checkpoint);
    from = last.checkpoint;
  }
}

/** Sends the event's command. What fails is thrown, to be tried again; at the last attempt the booking is parked. */
export async function sendOrGiveUp(
  { pool, store, maxAttempts = 5, handleReservation }: Dispatcher,
  event: EventEnvelope<BookingEvent>,
): Promise<void> {
  try {
    await dispatch(store, event, handleReservation);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const { rows } = await pool.query<{ attempts: number }>(
      `insert into dispatch_failures as failure (event_id, attempts, last_error) values ($1, 1, $2)
       on conflict (event_id) do update
          set attempts = failure.attempts + 1, last_error = excluded.last_error
       returning attempts`,
      [event.id, message],
    );
    if ((rows[0]?.attempts ?? 0) < maxAttempts) throw error;
    await giveUp(store, event, message);
  }
}

function isOfBooking(committed: CommittedEvent): committed is CommittedBookingEvent {
  return isBookingEvent(committed.event);
}
