/** The keys of a terminal, one at a time. */

import { on } from "node:events";

/** What was typed, key by key, as `h` or `\r`, from now until the input ends. */
export async function* readKeys(
  input: NodeJS.ReadStream = process.stdin,
): AsyncGenerator<string, undefined> {
  input.setEncoding("utf8");
  input.setRawMode(true);
  try {
    for await (const [chunk] of on(input, "data", { close: ["end", "close"] })) {
      // An arrow or a function key is several characters, and none of ours.
      const text = String(chunk);
      if (text.startsWith("\u001b") && text.length > 1) continue;
      yield* text;
    }
  } finally {
    input.setRawMode(false);
    input.pause();
  }
  return undefined;
}

/** Lends the terminal to another program: what is typed meanwhile is its, and lines are lines again. */
export async function lendKeys(
  work: () => Promise<void>,
  input: NodeJS.ReadStream = process.stdin,
): Promise<void> {
  input.pause();
  input.setRawMode(false);
  try {
    await work();
  } finally {
    input.setRawMode(true);
    input.resume();
  }
}
