import { describe, expect, it } from "vitest";
import { smallDiff } from "./small-diff.ts";

const lines = (sign: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${sign} ${index}`);
const small = (...diff: readonly string[]): readonly string[] =>
  smallDiff(diff.join("\n"), 10, "npm test 1 -- --vitest");

describe("a diff for a learner", () => {
  it("has no legend and no line numbers", () => {
    expect(small("- Expected", "+ Received", "", "@@ -5,8 +5,8 @@", "  a", "- b", "+ c")).toEqual([
      "  ...",
      "  a",
      "- b",
      "+ c",
    ]);
  });

  it("has signs where Vitest sets two values apart", () => {
    expect(small('Expected: "yes"', 'Received: "no"')).toEqual(['- "yes"', '+ "no"']);
    expect(small("- Expected:", "[", "]", "", "+ Received:", "Promise {}")).toEqual([
      "- [",
      "- ]",
      "+ Promise {}",
    ]);
  });

  it("has one line where an object is only of another class, unless nothing else differs", () => {
    expect(
      small("- {", "+ Fault {", '    "at": {', '-     "gap": {', '+     "gap": Gap {', "-  1"),
    ).toEqual(["  Fault {", '    "at": {', '      "gap": Gap {', "-  1"]);
    expect(small("- Object {", "+ Fault {", "    1")).toEqual(["- Object {", "+ Fault {", "    1"]);
    expect(small("- {", "+ [", "-   1", "+   2")).toEqual(["- {", "+ [", "-   1", "+   2"]);
  });

  it("shows both sides, however long one of them is", () => {
    expect(small(...lines("-", 30), ...lines("+", 3))).toEqual([
      "- 0",
      "- 1",
      "- 2",
      "- 3",
      "- 4",
      "- ... 25 more lines",
      "+ 0",
      "+ 1",
      "+ 2",
      "  all of it: npm test 1 -- --vitest",
    ]);
  });

  it("has its limit, whatever comes", () => {
    const changing = lines("-", 30).flatMap((line) => [line, "+ x"]);
    expect(small(...changing)).toHaveLength(10);
  });
});
