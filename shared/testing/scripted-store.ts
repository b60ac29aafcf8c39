/** A store of which a test knows each look and each ring, and a subscriber who tells what came. */

import { expect, onTestFinished } from "vitest";
import type { Checkpoint, CommittedEvent } from "../../solutions/06-publishing/commit-order.ts";
import { createBell } from "../../solutions/06-publishing/wake-up.ts";
import { newEvent } from "./new-events.ts";
import { created } from "./reservations.ts";

/** No test has more than ten events, in five pages. */
const farTooMany = 100;

export type ScriptedStore = ReturnType<typeof scriptedStore>;

/** Holds events 1, 2, 3 ... in pages of two. */
export function scriptedStore() {
  const leave = new AbortController();
  onTestFinished(() => leave.abort());
  const bell = createBell();
  leave.signal.addEventListener("abort", () => bell.ring());
  const stored: CommittedEvent[] = [];
  const after = new Map<number, () => void>();
  let bells = 0;
  let reads = 0;
  let onWait: () => void = () => undefined;
  const isWaiting = new Promise<void>((resolve) => {
    onWait = resolve;
  });
  return {
    signal: leave.signal,
    leave: () => leave.abort(),
    waiting: () => isWaiting,
    reads: () => reads,
    bells: () => bells,
    afterRead: (nth: number, then: () => void) => void after.set(nth, then),
    store(count: number) {
      for (let number = 0; number < count; number += 1) stored.push(committed(stored.length + 1));
      // A bell that nobody has taken yet rings for nobody.
      if (bells > 0) bell.ring();
    },
    live: {
      storedBell: () => {
        bells += 1;
        return {
          ...bell,
          onRing: (listener: () => void) => {
            onWait();
            return bell.onRing(listener);
          },
        };
      },
      async readAfter({ position }: Checkpoint) {
        reads += 1;
        // What never waits would let nothing else run, no time limit either.
        if (reads > farTooMany)
          expect.fail(`it looks again and again, ${reads} times, and never waits`);
        const page = stored.filter(({ checkpoint }) => checkpoint.position > position).slice(0, 2);
        // The look has seen what it has seen; what is stored now is not in it.
        after.get(reads)?.();
        return page;
      },
    },
  };
}

/** Reads on in the background, and says what came. */
export function reading(events: AsyncIterable<CommittedEvent>) {
  const seen: number[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  let failed: (error: unknown) => void = () => undefined;
  const failure = new Promise<never>((_, reject) => {
    failed = reject;
  });
  failure.catch(() => undefined);
  const ended = (async () => {
    for await (const { event } of events) {
      seen.push(Number(event.position));
      if (seen.length > farTooMany) {
        expect.fail(`it sends events again and again: ${seen.slice(0, 6).join(", ")} ...`);
      }
      for (const { count, resolve } of waiting) if (seen.length >= count) resolve();
    }
  })();
  ended.catch((error: unknown) => failed(error));
  return {
    seen,
    ended,
    unlessItFails: (awaited: Promise<void>) => Promise.race([failure, awaited]),
    has: (count: number) =>
      Promise.race([
        failure,
        new Promise<void>((resolve) => {
          if (seen.length >= count) resolve();
          else waiting.push({ count, resolve });
        }),
      ]),
  };
}

function committed(number: number): CommittedEvent {
  const position = BigInt(number);
  return {
    checkpoint: { transactionId: position, position },
    event: {
      ...newEvent(created),
      streamId: `reservation-${number}`,
      version: 1,
      position,
      recordedAt: "2030-01-01T12:00:00.000Z",
    },
  };
}
