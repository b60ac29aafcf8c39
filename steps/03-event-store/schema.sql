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

  -- TODO: what must never be stored, whatever a program does:
  -- two events at one version of a stream; an event twice (name this constraint
  -- events_event_id_key, step 04 asks for it); a version below 1; a stream id that is
  -- empty or over 255 bytes. One line each, with a comma at its end.
  -- readAll goes along this one.
  constraint events_pkey primary key (position)
);
