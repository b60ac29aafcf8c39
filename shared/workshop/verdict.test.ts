import { describe, expect, it } from "vitest";
import { isRightlyRed, verdictOf } from "./verdict.ts";

const error = (name: string, message = "", cause?: { name: string; message: string }) =>
  cause ? { name, message, cause } : { name, message };

describe("a failed test", () => {
  it.each([
    ["not written yet", error("NotImplemented")],
    ["not written yet", error("Error", "Property failed after 1 tests", error("NotImplemented"))],
    [
      "not written yet",
      error("AssertionError", "expected NotImplemented: f is ... to match object"),
    ],
    ["wrong", error("AssertionError", "expected 1 to be 2")],
    ["wrong", { ...error("AssertionError", "expected {} to be 2"), actual: Object.create(null) }],
    ["wrong", error("Error", "Property failed after 3 tests", error("AssertionError"))],
    ["wrong", error("Error", "Property failed by returning false")],
    ["crashed", error("TypeError", "x is not a function")],
    ["crashed", error("Error", "Property failed after 1 tests", error("TypeError"))],
    ["hanging", error("Error", "Test timed out in 5000ms.")],
    ["infrastructure", error("InfrastructureMissing")],
    ["infrastructure", { ...error("Error", "connect"), code: "ECONNREFUSED" }],
  ] as const)("is %s", (verdict, failure) => {
    expect(verdictOf([failure])).toBe(verdict);
  });

  it("is judged by the error that is worse than not written", () => {
    expect(verdictOf([error("NotImplemented"), error("TypeError")])).toBe("crashed");
  });

  it("is crashed where it failed without an error", () => {
    expect(verdictOf([])).toBe("crashed");
  });
});

describe("a red starter", () => {
  it("is right when the code is missing or an assertion says so", () => {
    expect(isRightlyRed([error("NotImplemented")])).toBe(true);
    expect(isRightlyRed([error("AssertionError"), error("NotImplemented")])).toBe(true);
  });

  it("is wrong for any other error, and for none", () => {
    expect(isRightlyRed([error("AssertionError"), error("TypeError")])).toBe(false);
    expect(isRightlyRed([])).toBe(false);
  });
});
