import { describe, expect, it } from "vitest";
import { isAsExpected } from "./expected-version.ts";

describe("what a writer believes", () => {
  it("a number is the version that it has read, neither an older nor a future one", () => {
    expect([2, 3, 4].map((actual) => isAsExpected(actual, 3))).toEqual([false, true, false]);
  });

  it("0 is a stream without events, not just any", () => {
    expect([0, 1, 2].map((actual) => isAsExpected(actual, 0))).toEqual([true, false, false]);
  });

  it("no-stream and stream-exists are opposites", () => {
    expect([0, 1, 2].map((actual) => isAsExpected(actual, "no-stream"))).toEqual([
      true,
      false,
      false,
    ]);
    expect([0, 1, 2].map((actual) => isAsExpected(actual, "stream-exists"))).toEqual([
      false,
      true,
      true,
    ]);
  });

  it("any is content with every stream", () => {
    expect([0, 1, 2].map((actual) => isAsExpected(actual, "any"))).toEqual([true, true, true]);
  });
});
