/** Faults by plan: what goes wrong with a proxied line, and after how many bytes. */

import { setTimeout as pause } from "node:timers/promises";
import type { Direction, TcpProxy } from "./proxy.ts";

interface When {
  /** Strikes when so many bytes have passed since the fault before it was over. */
  readonly after: number;
  /** The bytes are counted, and a lasting fault happens, in this direction. */
  readonly direction: Direction;
}

/** Plain data: a failing test prints it, and `play` plays it again. */
export type Fault = When &
  (
    | { readonly fault: "cut" }
    | { readonly fault: "down"; readonly milliseconds: number }
    | { readonly fault: "stall"; readonly milliseconds: number }
    | { readonly fault: "delay"; readonly by: number; readonly milliseconds: number }
    | { readonly fault: "limit"; readonly bytesPerSecond: number; readonly milliseconds: number }
  );

export interface ChaosOptions {
  /** How many faults; 5 when left out. */
  readonly faults?: number;
  /** Bytes between two faults at the most; 4,000 when left out. */
  readonly within?: number;
  /** How long a fault lasts at the most, in milliseconds; 100 when left out. */
  readonly lasting?: number;
}

/** A plan of faults; the same seed and options always give the same. */
export function chaos(
  seed: number,
  { faults = 5, within = 4_000, lasting = 100 }: ChaosOptions = {},
): readonly Fault[] {
  const random = randomFrom(seed);
  const upTo = (most: number): number => 1 + Math.floor(random() * most);
  const oneOf = <T>(first: T, ...others: readonly T[]): T =>
    others[Math.floor(random() * (others.length + 1))] ?? first;
  return Array.from({ length: faults }, (): Fault => {
    const fault = oneOf<Fault["fault"]>("cut", "down", "stall", "delay", "limit");
    const when: When = {
      after: upTo(within),
      direction: oneOf<Direction>("to-server", "to-client", "both"),
    };
    const milliseconds = upTo(lasting);
    switch (fault) {
      case "cut":
        return { fault, ...when };
      case "delay":
        return { fault, ...when, by: upTo(lasting), milliseconds };
      case "limit":
        return { fault, ...when, bytesPerSecond: 1_000 * upTo(100), milliseconds };
      default:
        return { fault, ...when, milliseconds };
    }
  });
}

/**
 * Lets the faults happen, one after the other. Resolves after the last one: true; when the proxy is
 * stopped before: false.
 */
export async function play(proxy: TcpProxy, plan: readonly Fault[]): Promise<boolean> {
  for (const fault of plan) {
    if (fault.fault === "cut") {
      if (!(await proxy.cutAfter(fault.after, fault.direction))) return false;
      continue;
    }
    const begun = await proxy.after(fault.after, fault.direction, () => begin(proxy, fault));
    if (!begun) return false;
    const signal = proxy.stopping;
    await pause(fault.milliseconds, undefined, { signal }).catch(() => {});
    end(proxy, fault);
  }
  return !proxy.stopping.aborted;
}

type Lasting = Exclude<Fault, { readonly fault: "cut" }>;

function begin(proxy: TcpProxy, fault: Lasting): void {
  if (fault.fault === "down") proxy.takeDown();
  if (fault.fault === "stall") proxy.stall(fault.direction);
  if (fault.fault === "delay") proxy.delay(fault.by, fault.direction);
  if (fault.fault === "limit") proxy.limit(fault.bytesPerSecond, fault.direction);
}

function end(proxy: TcpProxy, { fault, direction }: Lasting): void {
  if (fault === "down") proxy.bringBack();
  if (fault === "stall") proxy.resume(direction);
  if (fault === "delay") proxy.delay(0, direction);
  if (fault === "limit") proxy.limit(Number.POSITIVE_INFINITY, direction);
}

/** Numbers from 0 up to 1: mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
