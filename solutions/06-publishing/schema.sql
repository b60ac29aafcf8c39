-- 06 · What the relay needs to read the events in an order that no late commit upsets.
-- Given. Installed after the schemas of steps 03 and 04.

-- Who wrote the event. Transactions get their number when they first write and become visible
-- when they commit, in another order. Events that are stored already get this transaction's number.
alter table events
  add column transaction_id xid8 not null default pg_current_xact_id();

-- Serves the relay's pages: where (transaction_id, position) > (..., ...) order by both.
create index events_in_commit_order on events (transaction_id, position);

-- A transaction that got its number early can append to a stream after one with a later number
-- did. Inside a stream the order of versions must win, so an event never counts as older than the
-- one before it. The number is then too high, never too low: the event is shown a little later.
create function events_keep_stream_order() returns trigger language plpgsql as $$
declare
  before xid8;
begin
  select transaction_id into before
  from events
  where stream_id = new.stream_id and version = new.version - 1;
  if before > new.transaction_id then
    new.transaction_id := before;
  end if;
  return new;
end
$$;

create trigger events_keep_stream_order
  before insert on events
  for each row when (new.version > 1)
  execute function events_keep_stream_order();

-- How far each relay has come: everything up to this pair was confirmed by the broker.
create table relay_checkpoints (
  relay          text   primary key,
  transaction_id xid8   not null default '0',
  position       bigint not null default 0
);
