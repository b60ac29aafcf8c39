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
  const isAnswer = error instanceof Error && error.name !== "AssertionError";
  if (
    isAnswer &&
    ![NotImplemented, TypeError, ReferenceError].some((kind) => error instanceof kind)
  )
    return error;
  throw error;
}
