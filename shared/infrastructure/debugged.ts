/**
 * For whoever stands at a break point for ten minutes: no time limit may judge code that stands still.
 *
 * A debugger that stops a process stops its timers with it. When it goes on, all limits are over at
 * once, that of the test and those of the waits inside it.
 */

import { url } from "node:inspector";

/** Whether a debugger is attached to this process, or may be at any time. */
export function isDebugged(): boolean {
  return url() !== undefined;
}

/** How often the process looks at the clock, in milliseconds. A wider gap was a stop. */
const glance = 100;
const stop = 1_000;

type Timers = Pick<typeof globalThis, "setTimeout">;

/** From now on a timer that was running when this process stood still begins anew. */
export function waitAtBreakPoints(): void {
  const { setTimeout } = globalThis;
  // Tests give the process another clock.
  const now = performance.now.bind(performance);
  let stops = 0;
  let last = now();
  setInterval(() => {
    const seen = now();
    if (seen - last > stop) stops += 1;
    last = seen;
  }, glance).unref();

  const patient = (work: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
    let begun = stops;
    // The glance is due before any timer that is longer, so it has counted the stop by now.
    const timer = setTimeout(() => {
      if (begun === stops) return work(...args);
      begun = stops;
      timer.refresh();
    }, ms);
    return timer;
  };
  Object.defineProperties(patient, Object.getOwnPropertyDescriptors(setTimeout));
  for (const timers of [globalThis, ...timersOfVitest()]) {
    timers.setTimeout = patient as typeof setTimeout;
  }
}

/** `expect.poll` and `vi.waitUntil` count with timers that Vitest has put aside, out of a test's reach. */
function timersOfVitest(): readonly Timers[] {
  return Object.getOwnPropertySymbols(globalThis)
    .filter(({ description }) => description === "vitest:SAFE_TIMERS")
    .flatMap((symbol): Timers => Reflect.get(globalThis, symbol));
}
