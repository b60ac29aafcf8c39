/** What becomes of one message, in two parts: a pure function decides, and another one does it. */

import type { ConfirmChannel, Message } from "amqplib";
import { UnknownEventType } from "../../../../shared/kernel/errors.ts";
import type { EventEnvelope } from "../../../../shared/kernel/event.ts";
import { decodeEvent, MalformedMessage } from "../../../../solutions/06-publishing/message.ts";
import { type ParkingReason, park } from "../../../../solutions/07-consuming/parked.ts";
import type { PartitionQueues } from "../../../../solutions/07-consuming/topology.ts";

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
  const deaths = message.properties.headers?.["x-death"] ?? [];
  const rejected = deaths.find((death) => death.queue === queue && death.reason === "rejected");
  return rejected?.count ?? 0;
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
  const { queues, handle, maxAttempts } = options;
  const failure = await failureOf(async () => handle(decodeEvent(message.content)));
  const attempts = attemptsOf(message, queues.queue) + 1;
  const decision = decisionOn(failure, attempts, maxAttempts);
  switch (decision) {
    case "ack":
      channel.ack(message);
      return "handled";
    case "retry":
      channel.nack(message, false, false);
      return "retried";
    default:
      await park(channel, message, { reason: decision, error: failure?.error, attempts, queues });
      return "parked";
  }
}

type Decision = "ack" | "retry" | Exclude<ParkingReason, "no-outcome">;

interface Failure {
  /** Anything can be thrown, undefined too. */
  readonly error: unknown;
}

/** All that is decided about a message, without a channel in sight. */
function decisionOn(failure: Failure | undefined, attempts: number, most: number): Decision {
  if (!failure) return "ack";
  if (!retryingHelps(failure.error)) return "not-retryable";
  return attempts < most ? "retry" : "attempts-used-up";
}

async function failureOf(work: () => Promise<void>): Promise<Failure | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return { error };
  }
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
