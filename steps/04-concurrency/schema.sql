-- One row for each stream: its version. An append moves it from what the writer has read to
-- what it writes, in one compare-and-set; two writers of one stream meet on this row.

create table streams (
  stream_id text    not null,
  version   integer not null,

  constraint streams_pkey          primary key (stream_id),
  constraint streams_version_check check (version > 0)
);

-- Streams that were written before this table was there (step 03).
insert into streams (stream_id, version)
select stream_id, max(version)
  from events
 group by stream_id;
