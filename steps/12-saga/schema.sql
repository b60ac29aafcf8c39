-- Step 12: what a booking needs beside its stream of events. Given.

-- Messages that a booking sends to itself, into the future. They outlive the process that wrote them.
create table if not exists scheduled_messages (
  -- It follows from the event that asked for the message: scheduled twice, it is there once.
  message_id     uuid           primary key,
  due_at         timestamptz(3) not null,
  -- What the booking is told then, as BookingInput has it.
  input          jsonb          not null,
  correlation_id text           not null
);

-- fireDue, the earliest first.
create index if not exists scheduled_messages_due on scheduled_messages (due_at, message_id);

-- How often a booking's command could not be sent. It is counted here, and not in memory, because a
-- process that restarts after each failure would begin at one for ever.
create table if not exists dispatch_failures (
  event_id   uuid    primary key,
  attempts   integer not null,
  last_error text    not null
);

-- parkedBookings: the few among all events that a person has to look at.
create index if not exists booking_parked_events on events (stream_id, version)
  where type = 'BookingParked';
