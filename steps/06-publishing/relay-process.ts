/**
 * A relay as a process of its own. Given. Start as many as you like under one name: one works, the
 * others wait for its death.
 *
 *   DATABASE_URL=... AMQP_URL=... BUS_PREFIX=hotel RELAY_NAME=relay npx tsx relay-process.ts
 *
 * Prints a line for each batch. SIGTERM or Ctrl-C ends it when the batch in flight is done.
 */

import { connect } from "amqplib";
import pg from "pg";
import { startRelay } from "./relay.ts";
import { topologyFor } from "./topology.ts";

const name = setting("RELAY_NAME");
const amqpUrl = setting("AMQP_URL");
const pool = new pg.Pool({
  connectionString: setting("DATABASE_URL"),
  application_name: name,
  max: 4,
});
pool.on("error", (error) => console.error(error.message)); // an idle connection was lost

const relay = startRelay({
  pool,
  name,
  connectBroker: () => connect(amqpUrl),
  topology: topologyFor(setting("BUS_PREFIX")),
  onPublished: (events) => console.log(`${name}: ${events.length} published`),
  onError: (error) => console.error(error instanceof Error ? error.message : error),
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    void relay.stop().then(() => pool.end());
  });
}

function setting(variable: string): string {
  const value = process.env[variable];
  if (value === undefined || value === "") throw new Error(`Set ${variable} to start a relay.`);
  return value;
}
