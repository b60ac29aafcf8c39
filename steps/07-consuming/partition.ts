/**
 * Consumes one partition: its messages strictly one after another, in the order of the queue.
 *
 * A few more messages than the one in hand are fetched ahead (`prefetch`), so that the next is here when
 * this one is done. They are the broker's until they are acked: it hands them to whoever comes next.
 */

import type { ConfirmChannel, ConsumeMessage } from "amqplib";
import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import { type DeliveryOptions, deliveriesOf, handleDelivery } from "./delivery.ts";
import { park } from "./parked.ts";

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
  // TODO: bound the prefetch, then consume queues.queue with acknowledgements. Deliver one message after
  // another (chain the promises), and none once the signal is aborted. null says that the broker has
  // cancelled the consumer: lose. A delivery that fails: lose.
  // drain waits for the chain, then closes the channel: closeQuietly of ./confirmed.ts.
  throw new NotImplemented("consumePartition");
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
