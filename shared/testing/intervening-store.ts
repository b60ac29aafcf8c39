/** An event store in which something happens at an exact moment: a race or a crash without luck. */

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
}

export function interveningStore(
  store: EventStore,
  { beforeRead, beforeAppend, afterAppend }: Interventions = {},
): InterveningStore {
  const count = { reads: 0, appends: 0 };
  return {
    ...store,
    count,
    async append(streamId, events, expectedVersion) {
      const nth = ++count.appends;
      await beforeAppend?.(nth);
      const result = await store.append(streamId, events, expectedVersion);
      await afterAppend?.(nth);
      return result;
    },
    async *readStream(streamId, options) {
      const nth = ++count.reads;
      await beforeRead?.(nth);
      yield* store.readStream(streamId, options);
    },
  };
}
