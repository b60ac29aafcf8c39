/**
 * What becomes of one message: handled and acknowledged, tried again later, or parked.
 *
 * Whatever happens, it happens in this order: first the effect (the handler's, or the message safely
 * in another queue), then the ack. A crash in between leads to a second delivery, never to a loss.
 */

import type { ConfirmChannel, Message } from "amqplib";
import { UnknownEventType } from "../../shared/kernel/errors.ts";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import { MalformedMessage } from "../06-publishing/message.ts";
import type { PartitionQueues } from "./topology.ts";

export interface DeliveryOptions {
  readonly queues: PartitionQueues;
  /** Handles one event; when it resolves, its effect is safe. Must end by itself. */
  readonly handle: (event: EventEnvelope) => Promise<void>;
  /** After so many failures the message is parked. */
  readonly maxAttempts: number;
  /** A message that was delivered so often and came to no end is parked unhandled. */
  readonly maxDeliveries: number;
}

export type Outcome = "handled" | "retried" | "parked";

/** How often handling this message has failed before: how often `queue` has rejected it. */
export function attemptsOf(message: Message, queue: string): number {
  // TODO: find the entry of x-death for this queue with the reason "rejected";
  // its count is the answer, 0 when there is no such entry
  throw new NotImplemented("attemptsOf");
}

/**
 * Handles one message and settles it: acked, or rejected so that it goes to `.retry`, or parked.
 * @throws when the channel is lost; then the broker delivers the message again
 */
export async function handleDelivery(
  channel: ConfirmChannel,
  message: Message,
  options: DeliveryOptions,
): Promise<Outcome> {
  // TODO: decodeEvent (of ../06-publishing/message.ts), handle it, then ack and return "handled".
  // When that fails, count this attempt: reject without requeue while another try may help and attempts are
  // left ("retried"), else park (of ./parked.ts) the message ("parked").
  // An ack that fails is no failed attempt: let its error out.
  throw new NotImplemented("handleDelivery");
}

/** False for what stays wrong however often it is tried: it is parked at the first attempt. */
export function retryingHelps(error: unknown): boolean {
  return !(error instanceof MalformedMessage || error instanceof UnknownEventType);
}

/** How often this message was delivered before without an outcome: quorum queues count that. */
export function deliveriesOf(message: Message): number {
  const count: unknown = message.properties.headers?.["x-delivery-count"];
  return typeof count === "number" ? count : 0;
}
