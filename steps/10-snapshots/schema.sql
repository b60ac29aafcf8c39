-- Step 10: states that somebody has folded already. A cache: dropping it costs time and nothing else.

create table if not exists snapshots (
  stream_id    text           not null,
  -- Which code folded the state (stateSchema). Two releases that run side by side keep one each.
  state_schema integer        not null,
  -- The last event in the state: its version, and its id, so that one can see that it is still there.
  version      integer        not null,
  event_id     uuid           not null,
  -- Text, not jsonb: the checksum is about these very bytes, and jsonb would write them anew.
  state        text           not null,
  checksum     text           not null,
  -- For people only. Nothing is decided by it.
  taken_at     timestamptz(3) not null default clock_timestamp(),

  -- findSnapshot goes along it, and saveSnapshot meets the one that is there.
  constraint snapshots_pkey          primary key (stream_id, state_schema),
  constraint snapshots_version_check check (version > 0)
);
