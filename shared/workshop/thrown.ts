/** What code threw, as an error: JavaScript throws anything, and Vitest hands it on as it came. */

import { inspect } from "node:util";
import type { SerializedError, TestCase, TestModule } from "vitest/node";

/** What a test threw, or a hook around it. */
export function errorsOf(test: TestCase): readonly SerializedError[] {
  return (test.result().errors ?? []).map(asError);
}

/** What went wrong around the tests of a module: it did not load, or a hook failed. */
export function errorsAround(module: TestModule): readonly SerializedError[] {
  return [module, ...module.children.allSuites()].flatMap((suite) => suite.errors()).map(asError);
}

/** The error, or one that says what was thrown in place of one. */
export function asError(thrown: unknown): SerializedError {
  if (isError(thrown)) return thrown;
  const value = inspect(withoutPlaces(thrown), { breakLength: Number.POSITIVE_INFINITY });
  return { message: `${value} was thrown, which is no Error.` };
}

export function isError(value: unknown): value is SerializedError {
  return (
    typeof value === "object" &&
    value !== null &&
    "message" in value &&
    typeof value.message === "string"
  );
}

/** Vitest adds where something was thrown, which it does not know of what is no error. */
function withoutPlaces(thrown: unknown): unknown {
  if (typeof thrown !== "object" || thrown === null || Array.isArray(thrown)) return thrown;
  const isAdded = /^(stacks?|type|VITEST_.*)$/;
  return Object.fromEntries(Object.entries(thrown).filter(([name]) => !isAdded.test(name)));
}
