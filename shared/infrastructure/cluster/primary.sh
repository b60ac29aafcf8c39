#!/bin/bash
# Run once, by the image of PostgreSQL, on the new primary: the standby may follow, and commits wait for it.
set -e
echo 'host replication all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
# It holds from the next start on: the standby is not there yet, and what runs now would wait for it.
psql --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
  --command "alter system set synchronous_standby_names = 'standby'"
