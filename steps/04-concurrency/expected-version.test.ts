import { describe, expect, it } from "vitest";
import type { ExpectedVersion } from "../../shared/kernel/event-store.ts";
import { isAsExpected } from "./expected-version.ts";

describe("what a writer believes", () => {
  it("a number is the version that it has read, neither an older nor a future one", () => {
    const why = "an older version hides what happened since; a future one nobody can have read";
    expect(answers(3, [2, 3, 4]), why).toEqual({
      "expects 3, is at 2": "not as expected",
      "expects 3, is at 3": "as expected",
      "expects 3, is at 4": "not as expected",
    });
  });

  it("0 is a stream without events, not just any", () => {
    const why = "taken for any, 0 lets a reservation be created on top of one that is there";
    expect(answers(0, [0, 1, 2]), why).toEqual({
      "expects 0, is at 0": "as expected",
      "expects 0, is at 1": "not as expected",
      "expects 0, is at 2": "not as expected",
    });
  });

  it("no-stream and stream-exists are opposites", () => {
    const why = "a stream is there when it has events; version 0 means that it has none";
    expect({ ...answers("no-stream"), ...answers("stream-exists") }, why).toEqual({
      "expects no-stream, is at 0": "as expected",
      "expects no-stream, is at 1": "not as expected",
      "expects no-stream, is at 2": "not as expected",
      "expects stream-exists, is at 0": "not as expected",
      "expects stream-exists, is at 1": "as expected",
      "expects stream-exists, is at 2": "as expected",
    });
  });

  it("any is content with every stream", () => {
    const why = "who says any decided without a look at the stream: no version can be wrong";
    expect(answers("any"), why).toEqual({
      "expects any, is at 0": "as expected",
      "expects any, is at 1": "as expected",
      "expects any, is at 2": "as expected",
    });
  });
});

/** Your answer for a stream at each of these versions, in words; what is neither true nor false as it is. */
function answers(expected: ExpectedVersion, versions: readonly number[] = [0, 1, 2]): object {
  const words = new Map<unknown, string>([
    [true, "as expected"],
    [false, "not as expected"],
  ]);
  return Object.fromEntries(
    versions.map((actual) => {
      const answer: unknown = isAsExpected(actual, expected);
      return [`expects ${expected}, is at ${actual}`, words.get(answer) ?? answer];
    }),
  );
}
