/** Runs writers side by side, one statement at a time, in an order that a seed decides. */

import type { Queryable } from "../../solutions/03-event-store/rows.ts";
import { intercept } from "./connections.ts";

/**
 * Each writer gets a connection whose every query waits for its turn. A turn is given when all
 * writers wait or are done: which of them goes next is told by `order`, again and again from its
 * start. No statement runs beside another, so that the same order leads to the same run.
 */
export async function interleave<Result>(
  db: Queryable,
  order: readonly number[],
  writers: readonly ((db: Queryable) => Promise<Result>)[],
): Promise<readonly PromiseSettledResult<Result>[]> {
  const waiting = new Map<number, () => void>();
  let active = writers.length;
  let turn = 0;

  const next = (): void => {
    if (active === 0 || waiting.size < active) return;
    const candidates = [...waiting.keys()].sort((a, b) => a - b);
    const chosen = candidates[(order[turn % order.length] ?? 0) % candidates.length] ?? 0;
    turn += 1;
    const go = waiting.get(chosen);
    waiting.delete(chosen);
    go?.();
  };

  return Promise.allSettled(
    writers.map(async (write, index) => {
      const own = intercept(db, async (_query, pass) => {
        await new Promise<void>((resolve) => {
          waiting.set(index, resolve);
          next();
        });
        return pass();
      });
      try {
        return await write(own);
      } finally {
        active -= 1;
        next();
      }
    }),
  );
}
