/** How much is kept for queues: publishers wait while it is too much, as with RabbitMQ's memory alarm. */

/** What an entry costs besides its octets. */
const perMessage = 512;

export class Memory {
  readonly #limit: number;
  readonly #onChange: (isLow: boolean) => void;
  #used = 0;
  #isLow = false;

  constructor(limit: number, onChange: (isLow: boolean) => void) {
    this.#limit = limit;
    this.#onChange = onChange;
  }

  get isLow(): boolean {
    return this.#isLow;
  }

  keep(octets: number): void {
    this.#used += octets + perMessage;
    if (!this.#isLow && this.#used > this.#limit) this.#change(true);
  }

  free(octets: number): void {
    this.#used -= octets + perMessage;
    // Not at once, or publishers would be stopped and let go for every message.
    if (this.#isLow && this.#used < this.#limit * 0.9) this.#change(false);
  }

  #change(isLow: boolean): void {
    this.#isLow = isLow;
    this.#onChange(isLow);
  }
}
