/** Runs writers side by side, one statement at a time, in an order that a seed decides. */

import fc from "fast-check";
import { expect } from "vitest";
import type { Queryable } from "../../solutions/03-event-store/rows.ts";
import { intercept } from "./connections.ts";

/** `tell` adds a line to what happened. */
type Writer<Result> = (db: Queryable, tell: (what: string) => void) => Promise<Result>;

/** Who of those that wait goes next, for `interleave`. */
export function turns(): fc.Arbitrary<readonly number[]> {
  return fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 12 });
}

/** What happened in each case of a law, line by line, for the story of the case that is told. */
export function chronicle(): {
  begin(values: unknown): string[];
  of(values: unknown): readonly string[];
} {
  const cases = new Map<string, string[]>();
  return {
    begin(values) {
      const happened: string[] = [];
      cases.set(JSON.stringify(values), happened);
      return happened;
    },
    of: (values) => cases.get(JSON.stringify(values)) ?? [],
  };
}

/** More statements than any writer of these tests needs; who sends more will not come to an end. */
const mostTurns = 500;

/** What a screen holds. */
const longestStory = 24;

/**
 * Each writer gets a connection whose every query waits for its turn. A turn is given when all
 * writers wait or are done: which of them goes next is told by `order`, again and again from its
 * start. No statement runs beside another, so that the same order leads to the same run. What the
 * writers do is added to `happened`, a line each.
 */
export async function interleave<Result>(
  db: Queryable,
  order: readonly number[],
  writers: readonly Writer<Result>[],
  happened: string[],
): Promise<readonly PromiseSettledResult<Result>[]> {
  const waiting = new Map<number, () => void>();
  let active = writers.length;
  let turn = 0;

  const tell = (index: number, what: string): void => {
    if (happened.length < longestStory) happened.push(`writer ${index + 1} ${what}`);
    else happened[longestStory] = "and so on";
  };
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
      const own = intercept(db, async (query, pass) => {
        await new Promise<void>((resolve) => {
          waiting.set(index, resolve);
          next();
        });
        tell(index, statementInWords(query));
        if (turn >= mostTurns) expect.fail(`${turn} statements were sent, and no end in sight`);
        return pass();
      });
      try {
        return await write(own, (what) => tell(index, what));
      } finally {
        active -= 1;
        next();
      }
    }),
  );
}

/** The beginning of a statement; those that are given are called by what they are for. */
function statementInWords(query: unknown): string {
  const { text = query, name } = Object(query);
  const line = String(text).trim().replace(/\s+/g, " ");
  if (line.startsWith("select position, event_id")) return "reads the stream";
  if (name === "find-obstacle") return "asks findObstacle what is in the way";
  return `sends ${line.length > 48 ? `${line.slice(0, 47)}…` : line}`;
}
