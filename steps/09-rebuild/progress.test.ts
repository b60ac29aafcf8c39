import { describe, expect, it } from "vitest";
import { costs, story } from "../../shared/testing/story.ts";
import { progressOf } from "./progress.ts";

const compared = "the progress";

describe("the progress of a rebuild", () => {
  costs("nobody knows whether it is done by noon, so somebody stops it at 11:50");

  it("has a rate, and the time that is left at that rate", () => {
    story({
      given: "there are 900 events, and 300 of them are in the build",
      when: "2 seconds have passed",
      wanted: "150 a second, 4 seconds left",
    });
    const progress = progressOf({ done: 300, doneBefore: 0, total: 900, milliseconds: 2_000 });
    expect(progress, compared).toEqual({ done: 300, total: 900, perSecond: 150, secondsLeft: 4 });
  });

  it.each([0, 5])("knows no rate before the first batch, %i ms after the start", (milliseconds) => {
    story({
      given: "there are 900 events, and none of them is in the build",
      when: `${milliseconds} ms have passed`,
      wanted: "0 a second, and an unknown time: undefined; not NaN, not Infinity",
    });
    const progress = progressOf({ done: 0, doneBefore: 0, total: 900, milliseconds });
    expect(progress, compared).toEqual({
      done: 0,
      total: 900,
      perSecond: 0,
      secondsLeft: undefined,
    });
  });

  it("has the rate of this run, where an interrupted one had done a part", () => {
    story({
      given: "there are 900 events; a run that was interrupted had done 600",
      when: "this run has done 100 more, in 1 second",
      wanted: "700 done, 100 a second, 2 seconds left",
      costs: "it says 10 seconds for the whole last hour",
    });
    const progress = progressOf({ done: 700, doneBefore: 600, total: 900, milliseconds: 1_000 });
    expect(progress, compared).toEqual({ done: 700, total: 900, perSecond: 100, secondsLeft: 2 });
  });

  it("never is beyond its total, though events are written meanwhile", () => {
    story({
      given: "there were 900 events when it began",
      when: "950 are in the build after 2 seconds, because 50 were written meanwhile",
      wanted: "950 of 950, no time left: not minus 0.1 seconds",
    });
    const progress = progressOf({ done: 950, doneBefore: 0, total: 900, milliseconds: 2_000 });
    expect(progress, compared).toEqual({ done: 950, total: 950, perSecond: 475, secondsLeft: 0 });
  });
});
