/**
 * The embedded broker against RabbitMQ: confirmed publishing into a durable queue, and consuming
 * from it with an acknowledgement for each message.
 *
 * The embedded broker runs in a process of its own, as it does for the tests' workers; so the client
 * costs the same for both. Its messages lie in memory while RabbitMQ's go to disk: that is how the
 * steps meet the two.
 */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { type ChannelModel, connect } from "amqplib";
import type { Infrastructure } from "../shared/infrastructure/with-infrastructure.ts";
import { interleaved, type Measured, type Variant } from "./measure.ts";

const messages = 20_000;
const window = 500;
const content = Buffer.alloc(256, "a reservation ");

interface Side {
  readonly name: string;
  readonly connection: ChannelModel;
}

/** Both tables: RabbitMQ first, the embedded broker second. Throws where there is no RabbitMQ. */
export async function benchBroker(
  { amqpUrl, prefix, registerQueues }: Infrastructure,
  rounds: number,
): Promise<{ readonly published: readonly Measured[]; readonly consumed: readonly Measured[] }> {
  // A queue for each round and the one that warms up: filled by the first table, emptied by the second.
  const queues = Array.from({ length: rounds + 1 }, (_, round) => `${prefix}.bench-${round}`);
  registerQueues(...queues);
  const { child, url } = await startEmbedded();
  const connections: ChannelModel[] = [];
  try {
    for (const server of [amqpUrl, url]) connections.push(await connect(server));
    const sides = connections.map((connection) => ({ name: nameOf(connection), connection }));
    if (!sides[0]?.name.startsWith("RabbitMQ")) {
      throw new Error(`There is no RabbitMQ to compare with, only ${sides[0]?.name}.`);
    }
    for (const { connection } of sides) await declare(connection, queues);
    return {
      published: await interleaved(
        rounds,
        sides.map((side) => publishing(side, queues)),
      ),
      consumed: await interleaved(
        rounds,
        sides.map((side) => consuming(side, queues)),
      ),
    };
  } finally {
    await Promise.all(connections.map((connection) => connection.close()));
    child.disconnect();
    await once(child, "exit");
  }
}

async function startEmbedded(): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = fork(new URL("./broker-process.ts", import.meta.url));
  const [url] = await Promise.race([
    once(child, "message"),
    once(child, "exit").then(() => {
      throw new Error("The embedded broker's process did not start.");
    }),
  ]);
  return { child, url: String(url) };
}

function nameOf({ connection }: ChannelModel): string {
  const { product, version } = connection.serverProperties;
  return product === "RabbitMQ" ? `RabbitMQ ${version}` : "embedded broker";
}

async function declare(connection: ChannelModel, queues: readonly string[]): Promise<void> {
  const channel = await connection.createChannel();
  for (const queue of queues) await channel.assertQueue(queue, { durable: true });
  await channel.close();
}

/** As many unconfirmed as the window has room for; the next goes out as soon as one is confirmed. */
function publishing({ name, connection }: Side, queues: readonly string[]): Variant {
  const left = [...queues];
  return {
    name,
    async run() {
      const queue = left.shift() ?? "";
      const channel = await connection.createConfirmChannel();
      await new Promise<void>((resolve, reject) => {
        let sent = 0;
        let confirmed = 0;
        const publish = (): void => {
          if (sent === messages) return;
          sent += 1;
          channel.sendToQueue(queue, content, { persistent: true }, (error) => {
            if (error) return reject(error);
            confirmed += 1;
            if (confirmed === messages) resolve();
            else publish();
          });
        };
        for (let free = 0; free < window; free++) publish();
      });
      await channel.close();
      return messages;
    },
  };
}

function consuming({ name, connection }: Side, queues: readonly string[]): Variant {
  const left = [...queues];
  return {
    name,
    async run() {
      const queue = left.shift() ?? "";
      const channel = await connection.createChannel();
      await channel.prefetch(window);
      let consumed = 0;
      await new Promise<void>((resolve, reject) => {
        const consumer = channel.consume(queue, (message) => {
          if (message === null) return reject(new Error(`The queue ${queue} is gone.`));
          channel.ack(message);
          consumed += 1;
          if (consumed === messages) resolve();
        });
        consumer.catch(reject);
      });
      await channel.close(); // answered once the acknowledgements are dealt with
      return messages;
    },
  };
}
