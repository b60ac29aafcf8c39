-- Step 09: which version of a projection has built the tables that queries read. Given.
-- No row means version 1: nobody counted before.
create table if not exists live_projections (
  read_model text    not null,
  version    integer not null,

  constraint live_projections_pkey          primary key (read_model),
  constraint live_projections_version_check check (version > 0)
);
