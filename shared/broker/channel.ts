/** A channel: what its client holds, consumes and publishes. */

import type { Consumer } from "./consumer.ts";
import type { IncomingContent } from "./content.ts";
import type { Message } from "./message.ts";
import type { ArgumentsOf, MethodName } from "./methods.ts";
import type { Queue } from "./queue.ts";
import type { Entry } from "./ready-list.ts";
import { ProtocolError } from "./reply-codes.ts";
import type { VirtualHost } from "./virtual-host.ts";

/** What a channel needs of its connection. */
export interface ChannelOwner {
  readonly host: VirtualHost;
  readonly user: string;
  readonly isWritable: boolean;
  readonly wantsCancelNotices: boolean;
  send<Name extends MethodName>(
    channel: number,
    name: Name,
    values: Partial<ArgumentsOf<Name>>,
    message?: Message,
  ): void;
  /** The channel has confirms to send when this turn's work is done. */
  confirmLater(channel: Channel): void;
  /** The channel publishes: it waits while memory is low. */
  publishes(): void;
}

/** The methods of a class. Each gets the channel and its arguments. */
export type MethodHandlers = {
  readonly [Name in MethodName]?: (channel: Channel, values: ArgumentsOf<Name>) => void;
};

/** A message that a client holds. */
export interface Held {
  readonly entry: Entry;
  readonly queue: Queue;
  readonly consumer: Consumer | undefined;
}

export class Channel {
  readonly number: number;
  readonly connection: ChannelOwner;
  readonly consumers = new Map<string, Consumer>();
  /** By delivery tag, which is also their order. */
  readonly held = new Map<number, Held>();
  /** For consumers to come. */
  prefetch = 0;
  /** For all consumers of the channel together. */
  channelPrefetch = 0;
  /** How many messages consumers hold; those that were asked for one by one do not count. */
  heldByConsumers = 0;
  isConfirming = false;
  /** The queue that an empty name stands for. */
  lastQueue = "";
  /** For the reply to an error: what is being worked at. */
  currentMethod = 0;
  /** The message that is on its way in. */
  incoming: IncomingContent | undefined;
  #deliveryTag = 0;
  #published = 0;
  #confirmed = 0;

  constructor(number: number, connection: ChannelOwner) {
    this.number = number;
    this.connection = connection;
  }

  get host(): VirtualHost {
    return this.connection.host;
  }

  send<Name extends MethodName>(
    name: Name,
    values: Partial<ArgumentsOf<Name>>,
    message?: Message,
  ): void {
    this.connection.send(this.number, name, values, message);
  }

  /** Notes that the client holds the message now and returns the delivery tag. */
  hold(held: Held | undefined): number {
    this.#deliveryTag += 1;
    if (held) {
      this.held.set(this.#deliveryTag, held);
      if (held.consumer) {
        held.consumer.unacked += 1;
        this.heldByConsumers += 1;
      }
    }
    return this.#deliveryTag;
  }

  /** Takes what the client holds by this tag, or up to it: all, if it is 0. Throws for an unknown one. */
  release(deliveryTag: number, multiple: boolean): readonly Held[] {
    const tags: number[] = [];
    if (!multiple) tags.push(deliveryTag);
    else {
      for (const tag of this.held.keys()) {
        if (deliveryTag !== 0 && tag > deliveryTag) break;
        tags.push(tag);
      }
    }
    if (!this.held.has(deliveryTag) && !(multiple && deliveryTag === 0)) {
      throw new ProtocolError("PRECONDITION_FAILED", `unknown delivery tag ${deliveryTag}`);
    }
    return tags.flatMap((tag) => {
      const held = this.held.get(tag);
      this.held.delete(tag);
      if (held?.consumer) {
        held.consumer.unacked -= 1;
        this.heldByConsumers -= 1;
      }
      return held ?? [];
    });
  }

  /** Hands out messages to the channel's consumers, which can take more than before. */
  dispatch(): void {
    for (const { queue } of this.consumers.values()) queue.dispatch();
  }

  /** Notes how the next published message fared. Confirms leave together, a refusal at once. */
  published(isAccepted: boolean): void {
    if (!this.isConfirming) return;
    if (!isAccepted) this.sendConfirms();
    this.#published += 1;
    if (isAccepted) {
      this.connection.confirmLater(this);
    } else {
      this.#confirmed = this.#published;
      this.send("basic.nack", { deliveryTag: this.#published, multiple: false });
    }
  }

  /** Sends the confirms that have come together. */
  sendConfirms(): void {
    const count = this.#published - this.#confirmed;
    if (count === 0) return;
    this.#confirmed = this.#published;
    this.send("basic.ack", { deliveryTag: this.#published, multiple: count > 1 });
  }

  /** Leaves the queues. What it held, and where it consumed, is for `takeBack`. */
  leave(): Left {
    const queues = [...this.consumers.values()].map((consumer) => this.#remove(consumer));
    return { held: this.release(0, true), queues };
  }

  /** The consumer gets no more; what it holds, its client keeps. */
  stopConsumer(consumer: Consumer): void {
    this.#remove(consumer).dispatch();
  }

  #remove(consumer: Consumer): Queue {
    const { queue } = consumer;
    this.consumers.delete(consumer.tag);
    queue.consumers.remove(consumer);
    queue.used();
    if (queue.declaration.autoDelete && queue.consumers.length === 0) this.host.deleteQueue(queue);
    return queue;
  }
}

/** What channels leave behind. */
export interface Left {
  readonly held: readonly Held[];
  /** Where a consumer less takes messages. */
  readonly queues: readonly Queue[];
}

/**
 * Takes messages back to their queues and hands them out again. All are back before any is handed out, or the
 * next consumer would get them out of order.
 */
export function takeBack({ held, queues }: Left, from: "client" | "lost"): void {
  const byQueue = new Map<Queue, Entry[]>(queues.map((queue) => [queue, []]));
  for (const { queue, entry } of held) {
    const entries = byQueue.get(queue);
    if (entries) entries.push(entry);
    else byQueue.set(queue, [entry]);
  }
  for (const [queue, entries] of byQueue) queue.requeue(entries, from);
  for (const queue of byQueue.keys()) queue.dispatch();
}
