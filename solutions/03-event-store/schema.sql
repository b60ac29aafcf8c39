-- The event store: one table, to which rows are only ever added.

create table if not exists events (
  position       bigint         generated always as identity,
  event_id       uuid           not null,
  stream_id      text           not null,
  version        integer        not null,
  type           text           not null,
  schema_version smallint       not null,
  data           jsonb          not null,
  metadata       jsonb          not null,
  recorded_at    timestamptz(3) not null default clock_timestamp(),

  -- readAll goes through the store in this order
  constraint events_position_key       primary key (position),
  -- one event per version: whoever decides on an outdated state fails here; readStream uses it too
  constraint events_stream_version_key unique (stream_id, version),
  -- an append that is sent again is recognised by the ids of its events
  constraint events_event_id_key       unique (event_id),
  -- an index entry has to fit into a page, so a stream's name has an end (octets, not characters)
  constraint events_stream_id_check    check (octet_length(stream_id) between 1 and 255),
  constraint events_version_check      check (version > 0)
);
