/**
 * The relay against bare confirmed publishing with the same window, both into one durable queue.
 *
 * The relay reads each event from PostgreSQL, keeps its stream's order and moves its checkpoint; the
 * bare publisher has its messages in memory and keeps no order. Both connect in each round.
 */

import { type ConfirmChannel, connect } from "amqplib";
import pg from "pg";
import type { Infrastructure } from "../shared/infrastructure/with-infrastructure.ts";
import { readAll } from "../solutions/06-publishing/commit-order.ts";
import { encodeEvent } from "../solutions/06-publishing/message.ts";
import { startRelay } from "../solutions/06-publishing/relay.ts";
import {
  assertExchange,
  routingKey,
  type Topology,
  topologyFor,
} from "../solutions/06-publishing/topology.ts";
import { interleaved, type Measured, type Variant } from "./measure.ts";

const messages = 20_000;
const hotMessages = 1_000;
const window = 500;

interface Message {
  readonly key: string;
  readonly content: Buffer;
}

/** Ratios to bare publishing: events of many streams, and events of a single stream. */
export async function benchRelay(
  { databaseUrl, amqpUrl, prefix, registerExchanges, registerQueues }: Infrastructure,
  rounds: number,
): Promise<readonly Measured[]> {
  const topology = topologyFor(prefix);
  const queue = `${prefix}.bench`;
  registerExchanges(topology.exchange);
  registerQueues(queue);
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 5 });
  const broker = await connect(amqpUrl);
  try {
    const channel = await broker.createChannel();
    await assertExchange(channel, topology);
    await channel.assertQueue(queue, { durable: true });
    await channel.bindQueue(queue, topology.exchange, "#");
    const purge = async (): Promise<void> => void (await channel.purgeQueue(queue));
    const many = await store(pool, topology, messages, messages / 5);
    const manyStreams = await interleaved(rounds, [
      bare("bare confirmed publishing", amqpUrl, topology, many, purge),
      relay("relay, many streams", pool, amqpUrl, topology, messages, purge),
    ]);
    await pool.query("truncate events, streams");
    const hot = await store(pool, topology, hotMessages, 1);
    const hotStream = await interleaved(rounds, [
      bare("bare confirmed publishing", amqpUrl, topology, hot, purge),
      relay("relay, one hot stream", pool, amqpUrl, topology, hotMessages, purge),
    ]);
    return [...manyStreams, ...hotStream.slice(1)];
  } finally {
    await broker.close();
    await pool.end();
  }
}

/** Fills the store, stream after stream in turn, and gives the messages that its events become. */
async function store(
  pool: pg.Pool,
  topology: Topology,
  events: number,
  streams: number,
): Promise<readonly Message[]> {
  await pool.query(
    `insert into events (event_id, stream_id, version, type, schema_version, data, metadata)
     select gen_random_uuid(), 'reservation-' || number % $2, number / $2 + 1, 'StayChanged', 1,
            jsonb_build_object('reservationId', 'reservation-' || number % $2,
                               'from', '{"arrival": "2030-05-01", "departure": "2030-05-03"}'::jsonb,
                               'to', '{"arrival": "2030-05-02", "departure": "2030-05-05"}'::jsonb,
                               'total', '{"amount": 36000, "currency": "EUR"}'::jsonb,
                               'changedAt', '2030-01-12T11:00:00.000Z'),
            jsonb_build_object('commandId', gen_random_uuid(), 'correlationId', gen_random_uuid())
       from generate_series(0, $1::integer - 1) as number`,
    [events, streams],
  );
  await pool.query("vacuum analyze events");
  const stored: Message[] = [];
  for await (const { event } of readAll(pool)) {
    stored.push({ key: routingKey(event, topology.partitions), content: encodeEvent(event) });
  }
  if (stored.length !== events) throw new Error("An open transaction holds the events back.");
  return stored;
}

function bare(
  name: string,
  amqpUrl: string,
  { exchange }: Topology,
  all: readonly Message[],
  purge: () => Promise<void>,
): Variant {
  return {
    name,
    async run() {
      const broker = await connect(amqpUrl);
      const channel = await broker.createConfirmChannel();
      await publishAll(channel, exchange, all);
      await broker.close();
      await purge();
      return all.length;
    },
  };
}

/** As many in flight as the window has room for; the next goes out as soon as one is confirmed. */
function publishAll(
  channel: ConfirmChannel,
  exchange: string,
  all: readonly Message[],
): Promise<void> {
  return new Promise((resolve, reject) => {
    let next = 0;
    let confirmed = 0;
    const publish = (): void => {
      const message = all[next++];
      if (!message) return;
      channel.publish(exchange, message.key, message.content, { persistent: true }, (error) => {
        if (error) return reject(error);
        if (++confirmed === all.length) resolve();
        else publish();
      });
    };
    for (let free = 0; free < window; free++) publish();
  });
}

function relay(
  name: string,
  pool: pg.Pool,
  amqpUrl: string,
  topology: Topology,
  events: number,
  purge: () => Promise<void>,
): Variant {
  let round = 0;
  return {
    name,
    async run() {
      let published = 0;
      await new Promise<void>((resolve, reject) => {
        const relaying = startRelay({
          pool,
          topology,
          name: `${name} ${++round}`,
          window,
          connectBroker: () => connect(amqpUrl),
          onError: reject,
          onPublished: (batch) => {
            published += batch.length;
            if (published >= events) relaying.stop().then(resolve, reject);
          },
        });
      });
      await purge();
      return published;
    },
  };
}
