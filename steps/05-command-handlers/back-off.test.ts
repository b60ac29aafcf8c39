import { describe, expect, it } from "vitest";
import { costs, story } from "../../shared/testing/story.ts";
import { backoffDelay, firstDelay, longestDelay } from "./back-off.ts";

describe("the wait before the next attempt", () => {
  costs("writers who collided once collide again at every try, and none of them gets through");

  it("is at the most twice as long each time", () => {
    story({
      given: "random gives almost 1, the longest wait there is",
      when: "the waits after the attempts 1, 2, 3 and 4",
      wanted: "10, 20, 40 and 80 ms: firstDelay, doubled each time",
    });
    const almostOne = () => 1 - Number.EPSILON;
    // To the nearest firstDelay, so that whole milliseconds, as of Math.floor, are as good.
    const longest = [1, 2, 3, 4].map(
      (attempt) => Math.round(backoffDelay(attempt, almostOne) / firstDelay) * firstDelay,
    );
    const doubled = [firstDelay, 2 * firstDelay, 4 * firstDelay, 8 * firstDelay];
    expect(longest, "the waits, in milliseconds").toEqual(doubled);
  });

  it("is any part of that, by chance", () => {
    story({
      given: "after attempt 2 the limit is 20 ms",
      when: "random gives 0, 0.25 and 0.5",
      wanted: "0, 5 and 10 ms: that part of the whole limit",
    });
    const parts = [0, 0.25, 0.5].map((part) => backoffDelay(2, () => part));
    expect(parts, "the waits, in milliseconds").toEqual([0, firstDelay / 2, firstDelay]);
  });

  it("is never longer than the limit", () => {
    story({
      given: "random gives 0.5",
      when: "the waits after the attempts 20, 200 and 2,000",
      wanted: "500 ms each: half of longestDelay, even where the doubling gives Infinity",
      costs: "after 10 conflicts a guest waits up to 5 seconds, after 20 an hour and a half",
    });
    const half = () => 0.5;
    const waits = [20, 200, 2_000].map((attempt) => backoffDelay(attempt, half));
    const capped = longestDelay / 2;
    expect(waits, "the waits, in milliseconds").toEqual([capped, capped, capped]);
  });
});
