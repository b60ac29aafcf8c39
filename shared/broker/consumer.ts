/** A consumer: a queue's way to a channel. */

import type { Queue } from "./queue.ts";
import type { Entry } from "./ready-list.ts";

export interface Consumer {
  readonly tag: string;
  readonly queue: Queue;
  readonly noAck: boolean;
  readonly isExclusive: boolean;
  readonly priority: number;
  /** How many unacknowledged messages it may hold; 0 means any number. */
  readonly prefetch: number;
  /** How many it holds. */
  unacked: number;
  /** Whether it can take one more message now. */
  isReady(): boolean;
  deliver(entry: Entry): void;
  /** The queue is gone. */
  cancelled(): void;
}

/** The consumers of a queue, and whose turn it is. */
export class ConsumerList {
  readonly #hasSingleActive: boolean;
  /** By falling priority; of the same priority, who waited longest comes first. */
  #consumers: Consumer[] = [];
  #active: Consumer | undefined;

  constructor(hasSingleActive: boolean) {
    this.#hasSingleActive = hasSingleActive;
  }

  get length(): number {
    return this.#consumers.length;
  }

  get hasExclusive(): boolean {
    return this.#consumers.some(({ isExclusive }) => isExclusive);
  }

  add(consumer: Consumer): void {
    this.#insert(consumer);
    this.#active ??= consumer;
  }

  remove(consumer: Consumer): void {
    this.#consumers = this.#consumers.filter((other) => other !== consumer);
    if (this.#active === consumer) this.#active = this.#consumers[0];
  }

  clear(): readonly Consumer[] {
    const all = this.#consumers;
    this.#consumers = [];
    this.#active = undefined;
    return all;
  }

  /** Who gets the next message, if anyone can take one. */
  next(): Consumer | undefined {
    if (this.#hasSingleActive) return this.#active?.isReady() ? this.#active : undefined;
    const consumer = this.#consumers.find((candidate) => candidate.isReady());
    if (consumer && this.#consumers.length > 1) {
      this.#consumers.splice(this.#consumers.indexOf(consumer), 1);
      this.#insert(consumer);
    }
    return consumer;
  }

  #insert(consumer: Consumer): void {
    const place = this.#consumers.findIndex(({ priority }) => priority < consumer.priority);
    this.#consumers.splice(place === -1 ? this.#consumers.length : place, 0, consumer);
  }
}
