import { describe, expect, it } from "vitest";
import { backoffDelay, firstDelay, longestDelay } from "./back-off.ts";

describe("the wait before the next attempt", () => {
  it("is at the most twice as long each time", () => {
    const almostOne = () => 1 - Number.EPSILON;
    const longest = [1, 2, 3, 4].map((attempt) => Math.round(backoffDelay(attempt, almostOne)));
    expect(longest).toEqual([firstDelay, 2 * firstDelay, 4 * firstDelay, 8 * firstDelay]);
  });

  it("is any part of that, by chance", () => {
    const parts = [0, 0.25, 0.5].map((part) => backoffDelay(2, () => part));
    expect(parts).toEqual([0, firstDelay / 2, firstDelay]);
  });

  it("is never longer than the limit", () => {
    const half = () => 0.5;
    expect([20, 200, 2_000].map((attempt) => backoffDelay(attempt, half))).toEqual([
      longestDelay / 2,
      longestDelay / 2,
      longestDelay / 2,
    ]);
  });
});
