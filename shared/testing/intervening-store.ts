/** An event store in which something happens at an exact moment: a race or a crash without luck. */

import { expect } from "vitest";
import type { EventStore } from "../kernel/event-store.ts";

export interface Interventions {
  /** Before the load of the nth reader, 1 for the first. */
  readonly beforeRead?: (nth: number) => Promise<unknown> | undefined;
  /** After the nth writer has decided, before its append is seen by the store. */
  readonly beforeAppend?: (nth: number) => Promise<unknown> | undefined;
  /** After the nth append is stored, before the writer hears of it. */
  readonly afterAppend?: (nth: number) => Promise<unknown> | undefined;
}

export interface InterveningStore extends EventStore {
  /** How often a stream was read, and an append tried, until now. */
  readonly count: { readonly reads: number; readonly appends: number };
  /**
   * What the promise settles with. It fails where the store is used more than two hundred times: a loop
   * that tries for ever on a store in memory would let nothing else run, no time limit either.
   */
  untilTired<Result>(using: Promise<Result>): Promise<Result>;
}

/** Far more than any command needs. */
const mostUses = 200;

export function interveningStore(
  store: EventStore,
  { beforeRead, beforeAppend, afterAppend }: Interventions = {},
): InterveningStore {
  const count = { reads: 0, appends: 0 };
  let uses = 0;
  let tire = (): void => undefined;
  const tired = new Promise<void>((resolve) => {
    tire = resolve;
  });

  /** Never comes back once there have been too many. */
  async function use(): Promise<void> {
    uses += 1;
    if (uses <= mostUses) return;
    tire();
    await new Promise(() => undefined);
  }

  return {
    ...store,
    count,
    async append(streamId, events, expectedVersion) {
      await use();
      const nth = ++count.appends;
      await beforeAppend?.(nth);
      const result = await store.append(streamId, events, expectedVersion);
      await afterAppend?.(nth);
      return result;
    },
    async *readStream(streamId, options) {
      await use();
      const nth = ++count.reads;
      await beforeRead?.(nth);
      yield* store.readStream(streamId, options);
    },
    untilTired: (using) =>
      Promise.race([
        using,
        tired.then(() => {
          const { reads, appends } = count;
          expect.fail(`tried again and again, without an end: ${reads} loads, ${appends} appends`);
        }),
      ]),
  };
}
