/** A queue: its messages, its consumers, and what becomes of what nobody takes. */

import { ConsumerList } from "./consumer.ts";
import type { DeathReason } from "./dead-letter.ts";
import type { FieldTable } from "./field-table.ts";
import { bodyLength, type Message } from "./message.ts";
import type { QueueSettings } from "./queue-arguments.ts";
import { type Entry, ReadyList } from "./ready-list.ts";
import { Timer } from "./timer.ts";

export interface QueueDeclaration {
  readonly durable: boolean;
  readonly autoDelete: boolean;
  /** The connection that alone may use the queue. */
  readonly owner: object | undefined;
  readonly arguments: FieldTable;
}

/** What a queue needs of the broker around it. */
export interface QueueHost {
  keep(octets: number): void;
  free(octets: number): void;
  /** Sends the message on; false where it must be kept until there is a queue for it. */
  deadLetter(queue: Queue, message: Message, reason: DeathReason): boolean;
  /** Nobody used the queue for as long as its `x-expires` says. */
  queueExpired(queue: Queue): void;
}

export class Queue {
  readonly name: string;
  readonly declaration: QueueDeclaration;
  readonly settings: QueueSettings;
  readonly consumers: ConsumerList;
  readonly #host: QueueHost;
  readonly #ready = new ReadyList();
  readonly #expiry = new Timer(() => this.#expire());
  readonly #disuse = new Timer(() => this.#host.queueExpired(this));
  /** Dead messages that found no queue. They count for the queue's limit, and nowhere else. */
  #undelivered: { readonly entry: Entry; readonly reason: DeathReason }[] = [];
  #position = 0;
  #readyBytes = 0;
  #isDispatching = false;
  #isDeleted = false;

  constructor(
    name: string,
    declaration: QueueDeclaration,
    settings: QueueSettings,
    host: QueueHost,
  ) {
    this.name = name;
    this.declaration = declaration;
    this.settings = settings;
    this.consumers = new ConsumerList(settings.hasSingleActiveConsumer);
    this.#host = host;
    this.used();
  }

  /** How many messages wait for a consumer. */
  get messageCount(): number {
    return this.#ready.length;
  }

  /** To be called whenever the queue is used in the sense of `x-expires`. */
  used(): void {
    const { expires } = this.settings;
    if (expires === undefined || this.#isDeleted) return;
    if (this.consumers.length > 0) this.#disuse.cancel();
    else this.#disuse.set(performance.now() + expires);
  }

  /** Puts a message at the end. False when the queue is full and says so (`reject-publish`). */
  publish(message: Message): boolean {
    if (this.#isDeleted) return true;
    const entry = this.#enter(message);
    this.#host.keep(message.content.length);
    if (this.#ready.length === 0 && !this.#isDispatching) {
      // Past the queue: what a consumer can take at once is neither too old nor too much.
      const consumer = this.consumers.next();
      if (consumer) {
        consumer.deliver(entry);
        return true;
      }
    }
    this.#push(entry);
    if (!this.#isTooLong() || this.settings.overflow === "drop-head") {
      this.#dropHead();
      this.#watchExpiry();
      return true;
    }
    const rejected = this.#ready.pop();
    if (rejected) this.#left(rejected);
    if (this.settings.overflow === "reject-publish-dlx") this.#die(entry, "maxlen");
    else this.settle(entry);
    return false;
  }

  /** Takes the first message for a client that asks for one. */
  take(): Entry | undefined {
    this.used();
    this.#expire();
    return this.#shift();
  }

  /** A message that was handed out is done with. */
  settle(entry: Entry): void {
    this.#host.free(entry.message.content.length);
  }

  /** A client does not want the message, nor anyone else to have it. */
  reject(entry: Entry): void {
    this.#die(entry, "rejected");
  }

  /**
   * Takes messages back, from a client that does not want them now or from one that was lost; `dispatch` hands
   * them out again. They come back to where they were, but that a quorum queue without a delivery limit puts
   * what a client gives back at its end (3.10, tried).
   */
  requeue(entries: readonly Entry[], from: "client" | "lost"): void {
    const { deliveryLimit, type } = this.settings;
    const isToTheEnd = from === "client" && type === "quorum" && deliveryLimit === undefined;
    const back: Entry[] = [];
    for (const entry of entries) {
      entry.redelivered = true;
      entry.deliveryCount += 1;
      if (this.#isDeleted) this.settle(entry);
      else if (deliveryLimit !== undefined && entry.deliveryCount > deliveryLimit) {
        this.#die(entry, "delivery_limit");
      } else {
        this.#readyBytes += bodyLength(entry.message);
        if (isToTheEnd) this.#ready.push({ ...entry, position: this.#nextPosition() });
        else back.push(entry);
      }
    }
    this.#ready.putBack(back);
  }

  /** Hands out what there is to whoever can take it. */
  dispatch(): void {
    // Dead letters may come back to this very queue: the loop below sees them.
    if (this.#isDispatching || this.#ready.length === 0) return;
    this.#isDispatching = true;
    try {
      for (;;) {
        this.#dropExpired();
        const consumer = this.#ready.length === 0 ? undefined : this.consumers.next();
        const entry = consumer && this.#shift();
        if (!entry) break;
        consumer.deliver(entry);
      }
    } finally {
      this.#isDispatching = false;
    }
    this.#dropHead();
    this.#watchExpiry();
  }

  /** Takes out all that wait and returns how many. */
  purge(): number {
    const entries = this.#ready.clear();
    this.#readyBytes = 0;
    for (const entry of entries) this.settle(entry);
    return entries.length;
  }

  /** Tries again to send on what found no queue. */
  retryDeadLetters(): void {
    if (this.#undelivered.length === 0) return;
    const waiting = this.#undelivered;
    this.#undelivered = [];
    for (const { entry, reason } of waiting) this.#die(entry, reason);
  }

  /** Empties the queue and tells its consumers. Returns how many messages waited. */
  delete(): number {
    this.#isDeleted = true;
    this.close();
    const count = this.purge();
    for (const { entry } of this.#undelivered) this.settle(entry);
    this.#undelivered = [];
    for (const consumer of this.consumers.clear()) consumer.cancelled();
    return count;
  }

  /** Ends its timers. */
  close(): void {
    this.#expiry.cancel();
    this.#disuse.cancel();
  }

  #enter(message: Message): Entry {
    const { messageTimeToLive = Number.POSITIVE_INFINITY } = this.settings;
    const timeToLive = Math.min(messageTimeToLive, message.timeToLive ?? Number.POSITIVE_INFINITY);
    return {
      message,
      position: this.#nextPosition(),
      expiresAt:
        timeToLive === Number.POSITIVE_INFINITY ? undefined : performance.now() + timeToLive,
      redelivered: false,
      deliveryCount: 0,
    };
  }

  #nextPosition(): number {
    this.#position += 1;
    return this.#position;
  }

  #push(entry: Entry): void {
    this.#ready.push(entry);
    this.#readyBytes += bodyLength(entry.message);
  }

  #shift(): Entry | undefined {
    const entry = this.#ready.shift();
    if (entry) this.#left(entry);
    return entry;
  }

  #left(entry: Entry): void {
    this.#readyBytes -= bodyLength(entry.message);
  }

  #die(entry: Entry, reason: DeathReason): void {
    if (this.#isDeleted || this.#host.deadLetter(this, entry.message, reason)) this.settle(entry);
    else this.#undelivered.push({ entry, reason });
  }

  #isTooLong(): boolean {
    const { maxLength, maxLengthBytes } = this.settings;
    return (
      (maxLength !== undefined && this.#ready.length + this.#undelivered.length > maxLength) ||
      (maxLengthBytes !== undefined && this.#readyBytes > maxLengthBytes)
    );
  }

  #dropHead(): void {
    if (this.settings.overflow !== "drop-head") return;
    while (this.#isTooLong()) {
      const entry = this.#shift();
      if (!entry) return;
      this.#die(entry, "maxlen");
    }
  }

  #expire(): void {
    this.#dropExpired();
    this.#watchExpiry();
  }

  #dropExpired(): void {
    while ((this.#ready.first?.expiresAt ?? Number.POSITIVE_INFINITY) <= performance.now()) {
      const entry = this.#shift();
      if (entry) this.#die(entry, "expired");
    }
  }

  /** Messages expire at the head of the queue only, as in RabbitMQ. */
  #watchExpiry(): void {
    const expiresAt = this.#ready.first?.expiresAt;
    if (expiresAt !== undefined) this.#expiry.set(expiresAt);
  }
}
