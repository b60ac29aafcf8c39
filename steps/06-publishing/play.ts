/** `npm run play 6`: an event that commits late; who loses it, and how it gets to RabbitMQ. */

import { readFile } from "node:fs/promises";
import { connect } from "amqplib";
import pg from "pg";
import { withInfrastructure } from "../../shared/infrastructure/with-infrastructure.ts";
import { schemaFile as storeSchema } from "../03-event-store/schema.ts";
import { schemaFile as streamsSchema } from "../04-concurrency/schema.ts";
import { type Checkpoint, readAllCommitted, startOfStore } from "./commit-order.ts";
import { horizonLag } from "./horizon.ts";
import { startRelay } from "./relay.ts";
import { schemaFile } from "./schema.ts";
import { assertExchange, routingKey, topologyFor } from "./topology.ts";

await withInfrastructure(["postgres", "rabbitmq"], async (infrastructure) => {
  const { postgres, rabbitmq, databaseUrl, amqpUrl, prefix } = infrastructure;
  const topology = topologyFor(prefix);
  const queue = `${prefix}.play`;
  infrastructure.registerExchanges(topology.exchange);
  infrastructure.registerQueues(queue);
  const pool = new pg.Pool({ connectionString: databaseUrl });
  pool.on("error", () => {}); // the database is dropped at the end
  for (const file of [storeSchema, streamsSchema, schemaFile]) {
    await pool.query(await readFile(file, "utf8"));
  }
  console.log(`${postgres.label} · ${rabbitmq.label}\n`);

  const early = new pg.Client({ connectionString: databaseUrl, application_name: "night-audit" });
  early.on("error", () => {});
  await early.connect();
  await early.query("begin");
  await append(early, "reservation-1");
  console.log("night-audit  begins, appends reservation-1 at position 1 ... and lunches");
  await append(pool, "reservation-2");
  console.log("the website  appends reservation-2 at position 2, commits\n");

  let position = 0n;
  let checkpoint: Checkpoint = startOfStore;
  const look = async (): Promise<void> => {
    const naive = await pool.query("select * from events where position > $1", [position]);
    const right = await readAllCommitted(pool, { after: checkpoint });
    position = BigInt(naive.rows.at(-1)?.position ?? position);
    checkpoint = right.at(-1)?.checkpoint ?? checkpoint;
    show(
      "by position",
      naive.rows.map((row) => row.stream_id),
    );
    show(
      "in commit order",
      right.map(({ event }) => event.streamId),
    );
  };
  await look();
  let gauge = await horizonLag(pool);
  while (gauge.heldBackBy?.application !== "night-audit") gauge = await horizonLag(pool);
  const { state } = gauge.heldBackBy;
  console.log(
    `  the gauge          ${gauge.waitingEvents} event waits for night-audit, ${state}\n`,
  );

  await early.query("commit");
  await early.end();
  console.log("night-audit  commits");
  while ((await horizonLag(pool)).waitingEvents > 0); // others may use this server, too
  await look();
  console.log("  The reader by position stands at 2: it will never see reservation-1.\n");

  const broker = await connect(amqpUrl);
  const channel = await broker.createChannel();
  await assertExchange(channel, topology);
  await channel.assertQueue(queue, { durable: true });
  await channel.bindQueue(queue, topology.exchange, "reservation.#");
  await new Promise<void>((resolve, reject) => {
    const relay = startRelay({
      pool,
      topology,
      name: "play",
      connectBroker: () => connect(amqpUrl),
      onError: (error) => void relay.stop().then(() => reject(error)),
      onPublished: (events) => {
        for (const { event } of events) {
          console.log(`relay  ${event.streamId} is safe as ${routingKey(event, 4)}`);
        }
        void relay.stop().then(resolve);
      },
    });
  });
  console.log(`queue  ${(await channel.checkQueue(queue)).messageCount} messages`);
  await broker.close();
  await pool.end();
});

async function append(db: pg.Pool | pg.Client, streamId: string): Promise<void> {
  await db.query(
    `insert into events (event_id, stream_id, version, type, schema_version, data, metadata)
     values (gen_random_uuid(), $1, 1, 'ReservationCreated', 1, '{}', '{}')`,
    [streamId],
  );
}

function show(reader: string, streams: readonly string[]): void {
  console.log(`  ${reader.padEnd(18)} sees ${streams.join(", ") || "nothing new"}`);
}
