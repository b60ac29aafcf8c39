#!/bin/bash
# Copies the primary at the first start, and follows it from then on.
set -e
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  PGPASSWORD=$POSTGRES_PASSWORD pg_basebackup --pgdata "$PGDATA" --write-recovery-conf --checkpoint=fast \
    --dbname 'host=postgres-primary user=postgres application_name=standby'
  # The copy's own commits, once it is the primary, wait for nobody.
  echo "synchronous_standby_names = ''" >>"$PGDATA/postgresql.auto.conf"
  chmod 700 "$PGDATA"
fi
# Whatever the image's default is: the outside asks for it.
exec postgres -c listen_addresses='*'
