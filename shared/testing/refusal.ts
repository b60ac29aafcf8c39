/** What code refused with, to be compared field by field. */

import { NotImplemented } from "../kernel/not-implemented.ts";

const nothing = { name: "nothing was thrown" };

/**
 * The error that was thrown, or one named "nothing was thrown". What is no answer but an accident
 * is thrown on, so that the report leads to its line.
 */
export function refusalOf(run: () => unknown): object {
  try {
    run();
    return nothing;
  } catch (error) {
    return answerIn(error);
  }
}

/** The same for what a promise is rejected with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<object> {
  try {
    await promise;
    return nothing;
  } catch (error) {
    return answerIn(error);
  }
}

function answerIn(error: unknown): Error {
  if (error instanceof Error && !isAccident(error)) return error;
  throw error;
}

function isAccident(error: Error): boolean {
  const kinds = [NotImplemented, TypeError, ReferenceError];
  return (
    error.name === "AssertionError" ||
    kinds.some((kind) => error instanceof kind) ||
    // A function that calls itself without an end; any other RangeError may be meant.
    (error instanceof RangeError && error.message === "Maximum call stack size exceeded")
  );
}
