-- Step 08: what queries read. All of it can be dropped and built anew from the events.

-- One row per reservation, as a query wants it: no joins, no replay.
create table if not exists reservations_view (
  -- Collation "C": a page ends and the next begins at the same place on every machine.
  reservation_id      text collate "C" primary key,
  hotel_id            text             not null,
  guest_id            text             not null,
  room_type           text             not null,
  guests              integer          not null,
  status              text             not null check (status in ('pending', 'confirmed', 'cancelled')),
  arrival             date             not null,
  departure           date             not null,
  total_amount        bigint           not null,
  total_currency      text             not null,
  cancellation_reason text,
  -- The recorded time of the last event, never the time of projecting: twice projected is the same.
  updated_at          timestamptz(3)   not null
);

-- listReservations, in the order of its pages: of one hotel, of one guest, of all.
create index if not exists reservations_view_by_hotel   on reservations_view (hotel_id, arrival, reservation_id);
create index if not exists reservations_view_by_guest   on reservations_view (guest_id, arrival, reservation_id);
create index if not exists reservations_view_by_arrival on reservations_view (arrival, reservation_id);

-- How many rooms of a hotel are taken by confirmed reservations, night by night.
create table if not exists hotel_occupancy (
  hotel_id text    not null,
  night    date    not null,
  -- No check (rooms >= 0): an upsert offers its -1 as a new row, and the check would refuse that
  -- before the conflict turns it into an update.
  rooms    integer not null,
  -- The upsert of moveRooms; occupancy of one hotel from night to night.
  primary key (hotel_id, night)
);

-- How far each stream is in the tables above: written in the same transaction as they are.
create table if not exists projected_streams (
  stream_id text collate "C" primary key,
  -- The version of the last event applied; 0 while the first one is on its way.
  version   integer          not null,
  -- The global position of that event, to see how far the read model is behind the store.
  position  bigint           not null
);
