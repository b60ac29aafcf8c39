/** From the relay to the broker, with a plain loop for each stream of a batch. */

import type { ConfirmChannel, Message } from "amqplib";
import type { EventEnvelope } from "../../../../shared/kernel/event.ts";
import { encodeEvent } from "../../../../solutions/06-publishing/message.ts";
import { routingKey, type Topology } from "../../../../solutions/06-publishing/topology.ts";

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
  const failures = new Map<EventEnvelope, unknown>();
  await Promise.all(
    byStream(events).map((own) => publishInOrder(channel, topology, own, failures)),
  );
  const confirmed = events.findIndex((event) => failures.has(event));
  const first = events[confirmed];
  if (!first) return { confirmed: events.length, failure: undefined };
  return { confirmed, failure: failures.get(first) };
}

/** One stream's events; what comes behind one that failed is not sent, and has failed with it. */
async function publishInOrder(
  channel: PublishingChannel,
  topology: Topology,
  events: readonly EventEnvelope[],
  failures: Map<EventEnvelope, unknown>,
): Promise<void> {
  for (const [index, event] of events.entries()) {
    try {
      await publishEvent(channel, topology, event);
    } catch (error) {
      for (const unsent of events.slice(index)) failures.set(unsent, error);
      return;
    }
  }
}

function byStream(events: readonly EventEnvelope[]): readonly (readonly EventEnvelope[])[] {
  const streams = new Map<string, EventEnvelope[]>();
  for (const event of events) {
    const own = streams.get(event.streamId);
    if (own) own.push(event);
    else streams.set(event.streamId, [event]);
  }
  return [...streams.values()];
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
