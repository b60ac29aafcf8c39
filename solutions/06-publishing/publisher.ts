/**
 * From the relay to the broker: nothing counts as published before the broker says so.
 *
 * A confirm alone does not mean that the message is in a queue: one that no queue wants is
 * confirmed too. With `mandatory` it is sent back first, and that return comes before the confirm.
 */

import type { ConfirmChannel, Message } from "amqplib";
import type { EventEnvelope } from "../../shared/kernel/event.ts";
import { encodeEvent } from "./message.ts";
import { routingKey, type Topology } from "./topology.ts";

/** What a publisher needs of a confirm channel. */
export interface PublishingChannel extends Pick<ConfirmChannel, "publish"> {
  on(event: "return", listener: (message: Message) => void): unknown;
}

/**
 * - `returned`: no queue is bound for this event
 * - `refused`: the broker said no (a nack), or the channel was lost before it said anything
 */
export type PublishFault = "returned" | "refused";

/** The event may or may not be on the bus: it has to be published again. */
export class PublishFailed extends Error {
  override readonly name = "PublishFailed";
  readonly eventId: string;
  readonly fault: PublishFault;

  constructor(event: EventEnvelope, fault: PublishFault, cause?: unknown) {
    super(
      `Event ${event.id} (${event.streamId} at version ${event.version}) is not safely on the bus: ${
        fault === "returned" ? "no queue is bound for it" : "the broker did not confirm it"
      }. It and what follows it stay unpublished and are tried again.`,
      cause === undefined ? undefined : { cause },
    );
    this.eventId = event.id;
    this.fault = fault;
  }
}

/**
 * Resolves once the broker has confirmed the event and a queue has it.
 * @throws PublishFailed
 */
export function publishEvent(
  channel: PublishingChannel,
  topology: Topology,
  event: EventEnvelope,
): Promise<void> {
  const returned = returnedOn(channel);
  const key = routingKey(event, topology.partitions);
  const options = { messageId: event.id, contentType: "application/json" };
  // BEGIN SOLUTION: publish persistent and mandatory; settle in the callback of the confirm:
  // an error there is a refusal, and an id in `returned` (take it out) is a return.
  // The content is encodeEvent of ./message.ts
  return new Promise((resolve, reject) => {
    const settle = (error: unknown): void => {
      const wasReturned = returned.delete(event.id);
      if (error) reject(new PublishFailed(event, "refused", error));
      else if (wasReturned) reject(new PublishFailed(event, "returned"));
      else resolve();
    };
    const safely = { ...options, persistent: true, mandatory: true };
    channel.publish(topology.exchange, key, encodeEvent(event), safely, settle);
  });
  // END SOLUTION
}

/** What became of a batch. */
export interface Published {
  /** How many events from the start of the batch are confirmed without a gap. */
  readonly confirmed: number;
  /** What the first event after those failed with; undefined when all are confirmed. */
  readonly failure: unknown;
}

/**
 * Publishes the batch, its streams side by side, each stream's events one after the other: an event
 * follows only when the one before it in its stream is confirmed, so none overtakes a refused one.
 * Resolves when all of it is settled.
 */
export async function publishBatch(
  channel: PublishingChannel,
  topology: Topology,
  events: readonly EventEnvelope[],
): Promise<Published> {
  // BEGIN SOLUTION: chain each stream's events by publishEvent, start all chains at once, wait
  // until everything has settled; count up to the first that failed
  const lastOfStream = new Map<string, Promise<void>>();
  const settled = await Promise.allSettled(
    events.map((event) => {
      const before = lastOfStream.get(event.streamId);
      const published = before
        ? before.then(() => publishEvent(channel, topology, event))
        : publishEvent(channel, topology, event);
      lastOfStream.set(event.streamId, published);
      return published;
    }),
  );
  const confirmed = settled.findIndex(({ status }) => status === "rejected");
  const first = settled[confirmed];
  if (first?.status !== "rejected") return { confirmed: events.length, failure: undefined };
  return { confirmed, failure: first.reason };
  // END SOLUTION
}

const returns = new WeakMap<PublishingChannel, Set<string>>();

/** The ids of the messages that came back on this channel and are not settled yet. */
function returnedOn(channel: PublishingChannel): Set<string> {
  const known = returns.get(channel);
  if (known) return known;
  const ids = new Set<string>();
  channel.on("return", ({ properties }) => ids.add(String(properties.messageId)));
  returns.set(channel, ids);
  return ids;
}
