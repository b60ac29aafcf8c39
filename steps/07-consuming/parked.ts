/** Messages that were given up: put aside with the reason, listed, and sent back when it is mended. */

import type { Channel, ConfirmChannel, GetMessage, Message, Options } from "amqplib";
import { NotImplemented } from "../../shared/kernel/not-implemented.ts";
import type { PartitionQueues } from "./topology.ts";

/** `no-outcome`: each process that took the message was gone before it had handled it. */
export type ParkingReason = "not-retryable" | "attempts-used-up" | "no-outcome";

export interface ParkedBecause {
  readonly reason: ParkingReason;
  readonly error: unknown;
  readonly attempts: number;
  readonly queues: PartitionQueues;
}

export interface ParkedMessage {
  readonly reason: string;
  /** As in `UnknownEventType: No code here handles ...`. */
  readonly error: string;
  readonly attempts: number;
  /** The queue that it came from, and that it is sent back to. */
  readonly from: string;
  readonly parkedAt: string;
  readonly messageId: string | undefined;
  readonly content: Buffer;
}

/** Puts the message aside, then acks it. Rejects when that was not confirmed: then nothing is acked. */
export async function park(
  channel: ConfirmChannel,
  message: Message,
  because: ParkedBecause,
): Promise<void> {
  // TODO: send the same content to the parked queue with sendConfirmed (of ./confirmed.ts), ownProperties
  // and the headers of parkedHeaders; only then ack the message
  throw new NotImplemented("park");
}

/**
 * Sends what is parked now back to the queues that it came from, oldest first; attempts count anew.
 * Returns how many. What fails again meanwhile is parked again, and stays for the next call.
 * @throws QueueMissing; what was not sent is parked again as soon as the channel is closed
 */
export async function sendBackParked(channel: ConfirmChannel, parked: string): Promise<number> {
  // TODO: takeParked (1000 at the most), then send one after another to the queue that it came from
  // (describe), with sendConfirmed and its ownProperties; only then ack it
  throw new NotImplemented("sendBackParked");
}

/** Lists what is parked, oldest first, and leaves it there. */
export async function readParked(
  channel: Channel,
  parked: string,
  limit = 100,
): Promise<readonly ParkedMessage[]> {
  const messages = await takeParked(channel, parked, limit);
  for (const message of messages) channel.nack(message, false, true);
  return messages.map(describe);
}

/** Takes messages until there is none left; they stay unacknowledged. */
async function takeParked(
  channel: Channel,
  parked: string,
  limit: number,
): Promise<readonly GetMessage[]> {
  const messages: GetMessage[] = [];
  while (messages.length < limit) {
    const message = await channel.get(parked);
    if (message === false) break;
    messages.push(message);
  }
  return messages;
}

/** What the operator reads, and `sendBackParked` needs. */
export function parkedHeaders(because: ParkedBecause): Record<string, string | number> {
  return {
    "parked-reason": because.reason,
    "parked-error": String(because.error).slice(0, 1000),
    "parked-attempts": because.attempts,
    "parked-from": because.queues.queue,
    "parked-at": new Date().toISOString(),
  };
}

function describe(message: GetMessage): ParkedMessage {
  const headers: Record<string, unknown> = message.properties.headers ?? {};
  return {
    reason: String(headers["parked-reason"]),
    error: String(headers["parked-error"]),
    attempts: Number(headers["parked-attempts"]),
    from: String(headers["parked-from"]),
    parkedAt: String(headers["parked-at"]),
    messageId: message.properties.messageId,
    content: message.content,
  };
}

/** The sender's properties and headers, without what the broker and `park` have added on the way. */
export function ownProperties(message: Message): Options.Publish {
  const { contentType, type, messageId, correlationId, timestamp, headers } = message.properties;
  const own = Object.entries(headers ?? {}).filter(([name]) => !/^(x-|parked-)/.test(name));
  return {
    contentType,
    type,
    messageId,
    correlationId,
    timestamp,
    headers: Object.fromEntries(own),
  };
}
