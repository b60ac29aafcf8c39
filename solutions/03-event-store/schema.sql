-- The event store: one table, to which rows are only ever added.

create table events (
  position       bigint         generated always as identity,
  event_id       uuid           not null,
  stream_id      text           not null,
  version        integer        not null,
  type           text           not null,
  schema_version smallint       not null,
  data           jsonb          not null,
  metadata       jsonb          not null,
  recorded_at    timestamptz(3) not null default clock_timestamp(),

  -- BEGIN SOLUTION: what must never be stored, whatever a program does:
  -- two events at one version of a stream; an event twice (name this constraint
  -- events_event_id_key, step 04 asks for it); a version below 1; a stream id that is
  -- empty or over 255 bytes. One line each, with a comma at its end.

  -- Of two who append at the same version one fails. readStream goes along its index.
  constraint events_stream_id_version_key unique (stream_id, version),
  -- An append that is sent twice is recognised by its events.
  constraint events_event_id_key unique (event_id),
  constraint events_version_check check (version > 0),
  -- An entry of an index has to fit into a page, so a name has an end. Bytes, not characters.
  constraint events_stream_id_check check (octet_length(stream_id) between 1 and 255),
  -- END SOLUTION
  -- readAll goes along this one.
  constraint events_pkey primary key (position)
);
