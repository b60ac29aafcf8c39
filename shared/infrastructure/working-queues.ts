/** Whether a broker that lets us in can do its work, too. */

import { randomUUID } from "node:crypto";
import { type ChannelModel, connect } from "amqplib";
import { reasonOf } from "./address.ts";

/**
 * Why a queue as step 07 makes them cannot be used there; undefined where it can. Makes one that goes by itself.
 *
 * RabbitMQ 3.10 loses for good what forwards its dead letters when two such queues are deleted while they are
 * being made, and with it each queue that has dead letters, until it is started again: every test is then red
 * for a fault that is not the learner's. What is behind it is told for 4.2 as well:
 * https://github.com/rabbitmq/rabbitmq-server/issues/16652
 */
export async function whyNoQueues(
  connection: ChannelModel,
  url: string,
): Promise<string | undefined> {
  const name = `workshop-probe-${randomUUID()}`;
  let closed: unknown;
  connection.on("error", (error) => {
    closed = error;
  });
  try {
    const channel = await connection.createChannel();
    channel.on("error", () => {}); // the failed request tells
    // It expires: to delete it in the moment of its making is what breaks RabbitMQ.
    await channel.assertQueue(name, {
      durable: true,
      arguments: { ...likeThoseOf07, ...goesSoon },
    });
    await channel.consume(name, () => {});
    await channel.close();
    return undefined;
  } catch (error) {
    await removed(name, url);
    return `a queue with dead letters cannot be used there (${reasonOf(closed ?? error, url)}): restart it`;
  }
}

/** It stands where no time can make it go. */
async function removed(name: string, url: string): Promise<void> {
  const connection = await connect(url, { timeout: 5_000 }).catch(() => undefined);
  if (connection === undefined) return;
  connection.on("error", () => {});
  try {
    const channel = await connection.createChannel();
    channel.on("error", () => {});
    await channel.deleteQueue(name);
  } catch {
    // It was never made.
  } finally {
    await connection.close().catch(() => {});
  }
}

const likeThoseOf07 = {
  "x-queue-type": "quorum",
  "x-overflow": "reject-publish",
  "x-dead-letter-strategy": "at-least-once",
  "x-dead-letter-exchange": "",
  "x-dead-letter-routing-key": "nowhere",
};

const goesSoon = { "x-expires": 1_000 };
