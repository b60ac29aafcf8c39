/** The messages that wait in a queue, in the order of their positions. */

import type { Message } from "./message.ts";

/** A message in a queue. */
export interface Entry {
  readonly message: Message;
  /** Its place in the queue, which it takes again when it comes back. */
  readonly position: number;
  /** The time (`performance.now()`) at which it is too old, if ever. */
  readonly expiresAt: number | undefined;
  redelivered: boolean;
  /** How often it came back. */
  deliveryCount: number;
}

export class ReadyList {
  /** Those before `#head` have left. */
  #entries: (Entry | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#entries.length - this.#head;
  }

  get first(): Entry | undefined {
    return this.#entries[this.#head];
  }

  shift(): Entry | undefined {
    const entry = this.#entries[this.#head];
    if (entry === undefined) return undefined;
    this.#entries[this.#head] = undefined;
    this.#head += 1;
    if (this.#head === this.#entries.length) {
      this.#entries.length = 0;
      this.#head = 0;
    } else if (this.#head > 4096 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return entry;
  }

  pop(): Entry | undefined {
    return this.length === 0 ? undefined : this.#entries.pop();
  }

  push(entry: Entry): void {
    this.#entries.push(entry);
  }

  /** Puts entries where they were. */
  putBack(entries: readonly Entry[]): void {
    if (entries.length < 8) {
      for (const entry of entries) this.#putBackOne(entry);
      return;
    }
    const all = [...this.clear(), ...entries];
    this.#entries = all.sort((left, right) => left.position - right.position);
  }

  #putBackOne(entry: Entry): void {
    const { first } = this;
    if (first !== undefined && first.position < entry.position) {
      this.#entries.splice(this.#placeOf(entry.position), 0, entry);
    } else if (this.#head > 0) {
      this.#head -= 1;
      this.#entries[this.#head] = entry;
    } else {
      this.#entries.unshift(entry);
    }
  }

  /** Takes everything out. */
  clear(): readonly Entry[] {
    const all = this.#entries.slice(this.#head).filter((entry) => entry !== undefined);
    this.#entries = [];
    this.#head = 0;
    return all;
  }

  #placeOf(position: number): number {
    let low = this.#head;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.position ?? 0) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
