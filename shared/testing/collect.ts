/** Reads an async iterable to its end, or fails where there is none in sight. */

import { expect } from "vitest";

/** Everything that `values` yields. A reader that asks for the same page for ever fails after `most`. */
export async function collect<T>(values: AsyncIterable<T>, most = 2_000): Promise<T[]> {
  const all: T[] = [];
  for await (const value of values) {
    all.push(value);
    if (all.length > most) {
      const first = all.slice(0, 6).map(inWords).join(", ");
      expect.fail(`reading does not come to an end: ${most} were read, the first of them ${first}`);
    }
  }
  return all;
}

/** An event by its place in its stream. */
function inWords(value: unknown): string {
  const { version, streamId } = Object(value);
  return version === undefined ? String(value) : `v${version} of ${streamId}`;
}
