/** What an error means that everybody makes, where its own message does not say it to a newcomer. */

import { stripVTControlCharacters } from "node:util";
import type { SerializedError } from "vitest";
import type { Verdict } from "./verdict.ts";

const meanings: readonly (readonly [RegExp, string])[] = [
  [
    /Cannot (assign to read only|add|delete|define) property|object is not extensible/,
    "Your code changes a value that it was given. Values are frozen in these tests: make a new one, as in { ...state, status }.",
  ],
  [
    /Maximum call stack size exceeded/,
    "A function calls itself, or two call each other, without an end.",
  ],
  [
    /process\.exit unexpectedly called/,
    "Your code ends the whole process. Throw an error instead, and let the caller decide.",
  ],
  [
    /Cannot read propert(y|ies) of (undefined|null)/,
    "Something that the code takes for a value is not there: look at what stands before the dot.",
  ],
  [
    /Worker exited unexpectedly/,
    "The process that ran your code ended in the middle of a test: it was aborted, killed, or ran out of memory.",
  ],
  [
    /timeout exceeded when trying to connect/,
    "All connections of the pool are in use: does each path give its connection back, also after an error?",
  ],
  [
    /current transaction is aborted/,
    "An earlier statement on this connection failed, and nobody said rollback: whoever gets the connection next is still in that transaction. Roll back where the error passes, before the connection is given back.",
  ],
  [
    /^Test timed out in/,
    "Nothing came back. What does your code wait for, and what would end the wait? Often: a promise that is never settled, a loop that begins again for ever, a lock or a connection that is never given back.",
  ],
];

/** A line of a diff, as `+ Promise {}` or `+   "position": Promise {},`. */
const isPromise = /^(\+ .*)?Promise \{/m;

function plain(diff: unknown): string {
  return typeof diff === "string" ? stripVTControlCharacters(diff) : "";
}

/**
 * A sentence for the learner, or undefined where the error speaks for itself. `inTest` where it was
 * thrown by the line of the test, not by the learner's code.
 */
export function adviceOn(
  verdict: Verdict,
  chain: readonly SerializedError[],
  inTest: boolean,
): string | undefined {
  if (verdict === "wrong" && chain.some(({ diff }) => isPromise.test(plain(diff)))) {
    return "There is a promise in it where the value itself is wanted: an async too many, or an await too few.";
  }
  if (chain.some(({ message }) => /instead of rejecting$/.test(message))) {
    return "It ended well where it had to fail: an await too few, or an error that is caught and not thrown on.";
  }
  if (verdict !== "crashed" && verdict !== "hanging") return undefined;
  const messages = chain.map(({ message }) => message);
  const [missing] = messages.flatMap((text) => /^(\w+) is not a function/.exec(text)?.[1] ?? []);
  if (inTest && missing !== undefined) {
    return `The tests call ${missing} by this name: is it still there, and exported?`;
  }
  return meanings.find(([pattern]) => messages.some((text) => pattern.test(text)))?.[1];
}
