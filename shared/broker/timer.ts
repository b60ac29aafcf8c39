/** A timer that does not keep the process alive. */

/** setTimeout takes no longer times; after one it is set again. */
const longest = 2 ** 31 - 1;

export class Timer {
  readonly #ring: () => void;
  #at: number | undefined;
  #timeout: NodeJS.Timeout | undefined;

  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /** Rings at the time, as `performance.now()` counts it, instead of any other that was set. */
  set(at: number): void {
    if (this.#at === at) return;
    this.cancel();
    this.#at = at;
    // Rounded up: Node's timers go off up to a millisecond early.
    const delay = Math.min(Math.max(Math.ceil(at - performance.now()), 0) + 1, longest);
    this.#timeout = setTimeout(() => {
      this.#at = undefined;
      if (performance.now() < at) this.set(at);
      else this.#ring();
    }, delay).unref();
  }

  cancel(): void {
    clearTimeout(this.#timeout);
    this.#at = undefined;
  }
}
