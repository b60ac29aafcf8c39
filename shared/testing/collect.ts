/** Reads an async iterable to its end, or fails where there is none in sight. */

import { expect } from "vitest";

/** Everything that `values` yields. A reader that asks for the same page for ever fails after `most`. */
export async function collect<T>(values: AsyncIterable<T>, most = 2_000): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) {
    all.push(value);
    if (all.length > most) expect(all.length, "so many were read already").toBeLessThan(most);
  }
  return all;
}
