-- What the relay needs to read the events in an order that no late commit upsets. Given.

-- Who wrote the event. A transaction gets its number when it first writes, and becomes visible
-- when it commits: in another order. Events that are here already get this transaction's number.
alter table events
  add column if not exists transaction_id xid8 not null default pg_current_xact_id();

-- readAllCommitted goes through the store in this order, and horizonLag counts its end
create index if not exists events_in_commit_order on events (transaction_id, position);

-- A transaction that got its number early may append to a stream after one with a later number
-- did. Inside a stream the versions must win, so an event never counts as older than the one before
-- it. Its number is then too high, never too low: it is shown a little later, never too early.
create or replace function events_keep_stream_order() returns trigger language plpgsql as $$
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

create or replace trigger events_keep_stream_order
  before insert on events
  for each row when (new.version > 1)
  execute function events_keep_stream_order();

-- How far each relay has come: everything up to this pair was confirmed by the broker.
create table if not exists relay_checkpoints (
  relay          text   not null,
  transaction_id xid8   not null,
  position       bigint not null,

  constraint relay_checkpoints_pkey primary key (relay)
);
