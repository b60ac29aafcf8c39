/**
 * Timeouts as durable messages: a row that says what to tell the booking, and when. A timer in memory
 * is gone with its process, and nobody knows that it ever ran.
 */

import type { Pool } from "pg";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import type { EventStore } from "../../shared/kernel/event-store.ts";
import type { Queryable } from "../03-event-store/rows.ts";
import { eventId } from "../05-command-handlers/event-id.ts";
import type { BookingEvent, BookingInput } from "./booking-types.ts";
import type { Envelope } from "./handle.ts";
import { handleInput } from "./inbox.ts";

/** Writes down the message that this event asks for, if it asks for one. Safe to repeat. */
export async function scheduleTimeout(
  db: Queryable,
  event: EventEnvelope<BookingEvent>,
): Promise<void> {
  if (event.type !== "BookingRequested") return;
  const { reservationId, expiresAt } = event.data;
  const input: BookingInput = { type: "BookingTimedOut", data: { reservationId } };
  const { correlationId = event.id } = event.metadata;
  await db.query(
    `insert into scheduled_messages (message_id, due_at, input, correlation_id)
     values ($1, $2, $3, $4)
     on conflict (message_id) do nothing`,
    [eventId(event.id, 2), expiresAt, JSON.stringify(input), correlationId],
  );
}

/**
 * Delivers what is due at this time, and answers how many messages that were. Several processes may do
 * so side by side, and any of them may die at any moment.
 */
export async function fireDue(pool: Pool, store: EventStore, now: string): Promise<number> {
  // BEGIN SOLUTION: the rows of scheduled_messages that are due at `now`, or were before, the earliest
  // first. Each is told to its booking (handleInput, of ./inbox.ts, with toInput of the row), and
  // deleted: in which order?
  const { rows } = await pool.query<MessageRow>(
    `select message_id, input, correlation_id
       from scheduled_messages
      where due_at <= $1
      order by due_at, message_id
      limit 100`,
    [now],
  );
  for (const row of rows) {
    await handleInput(store, toInput(row));
    await pool.query("delete from scheduled_messages where message_id = $1", [row.message_id]);
  }
  return rows.length;
  // END SOLUTION
}

interface MessageRow {
  readonly message_id: string;
  readonly input: BookingInput;
  readonly correlation_id: string;
}

/** Its id is the message's: told twice, the booking reacts once. */
function toInput({ message_id, input, correlation_id }: MessageRow): Envelope<BookingInput> {
  return { id: message_id, command: input, correlationId: correlation_id };
}
