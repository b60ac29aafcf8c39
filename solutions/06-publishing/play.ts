/** `npm run play 6`: an event that commits late; who loses it, and how it gets to RabbitMQ. */

import { connect } from "amqplib";
import pg from "pg";
import { installSchemas } from "../../shared/infrastructure/schemas.ts";
import { withInfrastructure } from "../../shared/infrastructure/with-infrastructure.ts";
import { type Checkpoint, readAllCommitted, startOfStore } from "./commit-order.ts";
import { horizonLag } from "./horizon.ts";
import { type RelayOptions, startRelay } from "./relay.ts";
import { schemaFiles } from "./schema.ts";
import { assertExchange, routingKey, topologyFor } from "./topology.ts";

await withInfrastructure(["postgres", "rabbitmq"], async (infrastructure) => {
  const { postgres, rabbitmq, databaseUrl, amqpUrl, prefix } = infrastructure;
  const pool = new pg.Pool({ connectionString: databaseUrl });
  pool.on("error", () => {}); // the database is dropped at the end
  await installSchemas(pool, schemaFiles);
  console.log(`${postgres.label} · ${rabbitmq.label}\n`);
  const audit = await pool.connect();
  await commitLate(pool, audit).finally(() => audit.release(true));

  const topology = topologyFor(prefix);
  const queue = `${prefix}.play`;
  infrastructure.registerExchanges(topology.exchange);
  infrastructure.registerQueues(queue);
  const broker = await connect(amqpUrl);
  try {
    const channel = await broker.createChannel();
    await assertExchange(channel, topology);
    await channel.assertQueue(queue, { durable: true });
    await channel.bindQueue(queue, topology.exchange, "reservation.#");
    await relayOnce({ pool, topology, name: "play", connectBroker: () => connect(amqpUrl) });
    console.log(`queue  ${(await channel.checkQueue(queue)).messageCount} messages`);
  } finally {
    await broker.close();
    await pool.end();
  }
});

async function commitLate(pool: pg.Pool, audit: pg.PoolClient): Promise<void> {
  let position = 0n;
  let checkpoint: Checkpoint = startOfStore;
  const look = async (): Promise<void> => {
    const naive = await pool.query("select * from events where position > $1", [position]);
    const right = await readAllCommitted(pool, { after: checkpoint });
    position = BigInt(naive.rows.at(-1)?.position ?? position);
    checkpoint = right.at(-1)?.checkpoint ?? checkpoint;
    const streams = naive.rows.map((row) => row.stream_id).join(", ");
    console.log(`  by position        sees ${streams || "nothing new"}`);
    const committed = right.map(({ event }) => event.streamId).join(", ");
    console.log(`  in commit order    sees ${committed || "nothing new"}`);
  };

  await audit.query("set application_name = 'night-audit'; begin");
  await append(audit, "reservation-1");
  console.log("night-audit  begins, appends reservation-1 at position 1 ... and lunches");
  await append(pool, "reservation-2");
  console.log("the website  appends reservation-2 at position 2, commits\n");
  await look();
  let gauge = await horizonLag(pool);
  // Others may use this server, too.
  while (gauge.heldBackBy?.application !== "night-audit") gauge = await horizonLag(pool);
  const { waitingEvents, heldBackBy } = gauge;
  console.log(
    `  the gauge          ${waitingEvents} event waits for night-audit, ${heldBackBy.state}`,
  );

  await audit.query("commit");
  console.log("\nnight-audit  commits");
  while ((await horizonLag(pool)).waitingEvents > 0);
  await look();
  console.log("  The reader by position stands at 2: it will never see reservation-1.\n");
}

async function append(db: Pick<pg.Pool, "query">, streamId: string): Promise<void> {
  await db.query(
    `insert into events (event_id, stream_id, version, type, schema_version, data, metadata)
     values (gen_random_uuid(), $1, 1, 'ReservationCreated', 1, '{}', '{}')`,
    [streamId],
  );
}

/** Until it has published one batch. */
function relayOnce(options: RelayOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: unknown) => void relay.stop().then(() => reject(error));
    const onPublished: RelayOptions["onPublished"] = (events) => {
      for (const { event } of events) {
        console.log(`relay  ${event.streamId} is safe as ${routingKey(event, 4)}`);
      }
      void relay.stop().then(resolve);
    };
    const relay = startRelay({ ...options, onError, onPublished });
  });
}
