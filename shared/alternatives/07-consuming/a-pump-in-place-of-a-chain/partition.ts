/** Consumes one partition by a pump: a list of what was fetched, and one loop that empties it. */

import type { ConfirmChannel, ConsumeMessage } from "amqplib";
import { closeQuietly } from "../../../../solutions/07-consuming/confirmed.ts";
import {
  type DeliveryOptions,
  deliveriesOf,
  handleDelivery,
} from "../../../../solutions/07-consuming/delivery.ts";
import { park } from "../../../../solutions/07-consuming/parked.ts";

export interface PartitionOptions extends DeliveryOptions {
  /** How many unacknowledged messages the broker hands over at the most. */
  readonly prefetch: number;
  /** Aborted when no further message may be begun: on stop, and when channel or connection are gone. */
  readonly signal: AbortSignal;
  /** To be told when this consumer is of no use any more; everything is then set up anew. */
  readonly lose: (why: unknown) => void;
}

export interface PartitionConsumer {
  /** Waits for the message in hand, its ack included, and closes the channel. Once `signal` is aborted. */
  drain(): Promise<void>;
}

export async function consumePartition(
  channel: ConfirmChannel,
  options: PartitionOptions,
): Promise<PartitionConsumer> {
  const { queues, prefetch, signal, lose } = options;
  const deliver = parkingWhatKills(channel, options);
  const fetched: ConsumeMessage[] = [];
  let pumping: Promise<void> | undefined;
  const pump = async (): Promise<void> => {
    for (let message = fetched.shift(); message; message = fetched.shift()) {
      if (signal.aborted) return;
      await deliver(message).catch(lose);
    }
  };
  await channel.prefetch(prefetch);
  await channel.consume(queues.queue, (message) => {
    if (message === null) {
      lose(new Error(`The broker cancelled the consumer of ${queues.queue}.`));
      return;
    }
    fetched.push(message);
    pumping ??= pump().finally(() => {
      pumping = undefined;
    });
  });
  return {
    async drain() {
      await pumping;
      await closeQuietly(channel);
    },
  };
}

/**
 * `handleDelivery`, but a message that ends the process again and again is parked unhandled. After a crash
 * the broker counts the whole prefetched window as delivered; yet only its first message was in hand.
 */
function parkingWhatKills(
  channel: ConfirmChannel,
  options: PartitionOptions,
): (message: ConsumeMessage) => Promise<void> {
  let first = true;
  return async (message) => {
    const suspect = first && deliveriesOf(message) >= options.maxDeliveries;
    first = false;
    if (!suspect) {
      await handleDelivery(channel, message, options);
      return;
    }
    const attempts = deliveriesOf(message);
    const error = new Error(
      `Delivered ${attempts} times, and each time the process was gone first.`,
    );
    await park(channel, message, { reason: "no-outcome", error, attempts, queues: options.queues });
  };
}
