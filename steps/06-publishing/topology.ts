/** Names and routes on the bus. Given: read it, the subscribers of step 07 build on it. */

import type { Channel } from "amqplib";
import type { EventEnvelope } from "../../shared/kernel/event.ts";

export interface Topology {
  /** The topic exchange that all events go through. */
  readonly exchange: string;
  /** Into how many partitions the streams are spread; a stream stays in one, so its order holds. */
  readonly partitions: number;
}

/** The topology of one installation. `prefix` keeps installations on one broker apart. */
export function topologyFor(prefix: string, partitions = 4): Topology {
  if (!Number.isInteger(partitions) || partitions < 1) {
    throw new RangeError(`A topology needs 1 partition or more, not ${partitions}.`);
  }
  return { exchange: `${prefix}.events`, partitions };
}

/** Makes sure that the exchange is there. Safe to repeat. */
export async function assertExchange(channel: Channel, topology: Topology): Promise<void> {
  await channel.assertExchange(topology.exchange, "topic", { durable: true });
}

/** `reservation.ReservationConfirmed.2`: the stream's category, the event's type, the partition. */
export function routingKey(
  event: Pick<EventEnvelope, "streamId" | "type">,
  partitions: number,
): string {
  const category = event.streamId.split("-", 1)[0] ?? "";
  const partition = partitionOf(event.streamId, partitions);
  return `${word(category)}.${word(event.type)}.${partition}`;
}

/** Where a stream's events go: the same for the same stream, in every process, for ever. */
export function partitionOf(streamId: string, partitions: number): number {
  // FNV-1a over UTF-8. Its low bits mix badly, so the high ones are folded in (MurmurHash3's end).
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(streamId)) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % partitions;
}

/** Dots separate the words of a routing key, and AMQP ends a key at 255 bytes. */
function word(text: string): string {
  return text.replace(/[^A-Za-z0-9_]/g, "_").slice(0, 100);
}
