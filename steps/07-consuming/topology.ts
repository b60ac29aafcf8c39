/**
 * The queues of one subscriber. Given: read it, the picture is in the README.
 *
 * Each partition has a quorum queue. A message that is rejected there goes to `.retry`, stays for
 * the retry delay, and comes back: both moves are dead-lettering, done by the broker. What is given
 * up goes to `.parked`, one for the whole subscriber, and waits for a human.
 */

import type { Channel } from "amqplib";
import type { Topology } from "../06-publishing/topology.ts";

/** The queues around one partition. */
export interface PartitionQueues {
  readonly partition: number;
  readonly queue: string;
  readonly retry: string;
  readonly parked: string;
}

/** `prefix.reservations.2`, `prefix.reservations.2.retry` and `prefix.reservations.parked`. */
export function partitionQueues(topology: Topology, name: string): readonly PartitionQueues[] {
  const subscriber = `${topology.exchange.replace(/\.events$/, "")}.${name}`;
  return Array.from({ length: topology.partitions }, (_, partition) => ({
    partition,
    queue: `${subscriber}.${partition}`,
    retry: `${subscriber}.${partition}.retry`,
    parked: `${subscriber}.parked`,
  }));
}

/** Where a subscriber's parked messages are. */
export function parkedQueue(topology: Topology, name: string): string {
  return `${topology.exchange.replace(/\.events$/, "")}.${name}.parked`;
}

/** The names of all queues of a subscriber, to delete them or to count what is in them. */
export function queueNames(topology: Topology, name: string): readonly string[] {
  const partitions = partitionQueues(topology, name);
  return [...partitions.flatMap(({ queue, retry }) => [queue, retry]), parkedQueue(topology, name)];
}

/**
 * Makes sure that the queues are there and bound. Safe to repeat, as long as nothing changed: a queue
 * of the same name with another retry delay is refused by the broker (406) until it is deleted.
 */
export async function assertQueues(
  channel: Channel,
  topology: Topology,
  name: string,
  retryDelay: number,
): Promise<void> {
  await channel.assertQueue(parkedQueue(topology, name), quorum({}));
  for (const { partition, queue, retry } of partitionQueues(topology, name)) {
    await channel.assertQueue(
      retry,
      quorum({ "x-message-ttl": retryDelay, ...deadLetterTo(queue) }),
    );
    // One consumer at a time, however many there are: that keeps a partition's messages in order.
    await channel.assertQueue(
      queue,
      quorum({ "x-single-active-consumer": true, ...deadLetterTo(retry) }),
    );
    await channel.bindQueue(queue, topology.exchange, `*.*.${partition}`);
  }
}

interface QueueOptions {
  readonly durable: true;
  readonly arguments: Readonly<Record<string, string | number | boolean>>;
}

function quorum(settings: QueueOptions["arguments"]): QueueOptions {
  return {
    durable: true,
    arguments: {
      "x-queue-type": "quorum",
      // As good as none, said aloud because RabbitMQ 4 sets 20. What it takes out of the queue has the
      // reason delivery_limit; `.retry` returns that, the broker sees a cycle and drops it (3.10, tried).
      // So `handleDelivery` itself looks at the delivery count, and parks in time.
      "x-delivery-limit": 1_000_000,
      ...settings,
    },
  };
}

/** Through the default exchange, into the queue of that name; kept here until it has arrived there. */
function deadLetterTo(queue: string): QueueOptions["arguments"] {
  return {
    "x-dead-letter-exchange": "",
    "x-dead-letter-routing-key": queue,
    "x-dead-letter-strategy": "at-least-once",
    // At-least-once asks for it. It concerns queues with a length limit only, and these have none.
    "x-overflow": "reject-publish",
  };
}
