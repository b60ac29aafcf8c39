import { describe, expect, it } from "vitest";
import type { ExpectedVersion } from "../../shared/kernel/event-store.ts";
import { story } from "../../shared/testing/story.ts";
import { isAsExpected } from "./expected-version.ts";

describe("what a writer believes", () => {
  it("a number is the version that it has read, neither an older nor a future one", () => {
    story({
      when: "isAsExpected(actual, expected) is asked about 3, for a stream at 2, at 3 and at 4",
      wanted: "true for 3 alone",
      costs:
        "the agent confirms at version 3 what the guest has cancelled at version 4: the room is " +
        "given away, and the guest arrives at 23:40",
    });
    expect(answers(3, [2, 3, 4])).toEqual({
      "expects 3, is at 2": "not as expected",
      "expects 3, is at 3": "as expected",
      "expects 3, is at 4": "not as expected",
    });
  });

  it("0 is a stream without events, not just any", () => {
    story({
      when: "isAsExpected(actual, expected) is asked about 0, for a stream at 0, at 1 and at 2",
      wanted: "true for 0 alone; 0 is falsy in JavaScript, and yet a number like the others",
      costs: "a reservation is created on top of one that is there, and the first guest is gone",
    });
    expect(answers(0, [0, 1, 2])).toEqual({
      "expects 0, is at 0": "as expected",
      "expects 0, is at 1": "not as expected",
      "expects 0, is at 2": "not as expected",
    });
  });

  it("no-stream and stream-exists are opposites", () => {
    story({
      when: "isAsExpected(actual, expected) is asked about both, for a stream at 0, at 1 and at 2",
      wanted: "no-stream is true at 0 alone, stream-exists from 1 on: at 0 a stream has no events",
      costs: "a mistyped number cancels a booking that does not exist, and the guest is told: done",
    });
    expect({ ...answers("no-stream"), ...answers("stream-exists") }).toEqual({
      "expects no-stream, is at 0": "as expected",
      "expects no-stream, is at 1": "not as expected",
      "expects no-stream, is at 2": "not as expected",
      "expects stream-exists, is at 0": "not as expected",
      "expects stream-exists, is at 1": "as expected",
      "expects stream-exists, is at 2": "as expected",
    });
  });

  it("any is content with every stream", () => {
    story({
      when: "isAsExpected(actual, expected) is asked about any, for a stream at 0, at 1 and at 2",
      wanted: "true: who says any has decided without a look at the stream",
      costs: "the note 'guest arrives late' is refused, although it would be true at any version",
    });
    expect(answers("any")).toEqual({
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
