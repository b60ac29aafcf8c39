import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { difference, lineByLine } from "./difference.ts";
import { withoutMarks } from "./reference.ts";

const before = "a\nb\nc\nd\n";
const after = "a\nc\nx\nd\n";

describe("a difference", () => {
  it("is that of the lines, with a head for each place", () => {
    expect(difference(before, after).map(stripVTControlCharacters)).toEqual(
      expect.arrayContaining([" a", "-b", " c", "+x", " d"]),
    );
  });

  it("is shown without git, too", () => {
    expect(lineByLine(before, after)).toEqual([" a", "-b", " c", "+x", " d", " "]);
    expect(lineByLine("", "x")).toEqual(["-", "+x"]);
  });

  it("is none between equal texts", () => {
    expect(difference(before, before)).toEqual([]);
  });
});

describe("the reference without its marks", () => {
  it("has neither them nor the instruction of a starter", () => {
    const marked = [
      "function f() {",
      "  // BEGIN SOLUTION: add the two;",
      "  // mind the sign",
      "  const sum = a + b;",
      "  // A comment of the code.",
      "  return sum;",
      "  // END SOLUTION",
      "}",
      "-- BEGIN SOLUTION",
      "check (a > 0)",
      "-- END SOLUTION",
    ].join("\n");
    expect(withoutMarks(marked)).toBe(
      [
        "function f() {",
        "  const sum = a + b;",
        "  // A comment of the code.",
        "  return sum;",
        "}",
        "check (a > 0)",
      ].join("\n"),
    );
  });
});
