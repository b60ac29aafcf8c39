import { describe, expect, it } from "vitest";
import { judge } from "./judgement.ts";
import type { Mutant, Outcome } from "./report.ts";
import type { Excuse, Survivor } from "./survivor.ts";

const name: Survivor = {
  file: "stay.ts",
  in: "countNights",
  mutated: "a - b",
  replacement: "a + b",
};

describe("a survivor", () => {
  it("that is not listed is a fault", () => {
    const { faults, listed } = judge([mutant("killed"), mutant("survived")], [], 0);
    expect(faults).toMatchObject([expect.stringContaining("is not listed")]);
    expect(listed).toBe(0);
  });

  it("that is equivalent does not count, and one that is accepted does", () => {
    const mutants = [mutant("killed"), mutant("survived")];
    expect(judge(mutants, [excuse("equivalent")], 90)).toMatchObject({ score: 100, faults: [] });
    const { score, faults } = judge(mutants, [excuse("accepted")], 90);
    expect(score).toBe(50);
    expect(faults).toEqual(["the score is 50.0 %, below 90 %"]);
  });

  it("is known by its place among those that look the same", () => {
    const second = { ...mutant("survived"), nth: 2 };
    const { faults } = judge([{ ...mutant("killed") }, second], [excuse("equivalent")], 0);
    expect(faults).toMatchObject([
      expect.stringContaining('"nth":2'),
      expect.stringContaining("is caught now"),
    ]);
  });
});

describe("the list", () => {
  it("has none that is not there any more", () => {
    const { faults } = judge([], [excuse("accepted")], 0);
    expect(faults).toMatchObject([expect.stringContaining("is not there any more")]);
  });
});

describe("a listed one that a time limit ended", () => {
  it("is not taken for one that is caught", () => {
    expect(judge([mutant("timeout")], [excuse("accepted")], 0).faults).toEqual([]);
  });
});

describe("a mutant", () => {
  it("that was never judged is a fault, and counts as if it had survived", () => {
    const { score, faults } = judge([mutant("killed"), mutant("unsure")], [], 0);
    expect(score).toBe(50);
    expect(faults).toMatchObject([expect.stringContaining("could not be judged")]);
  });

  it("that is prose does not count", () => {
    expect(judge([mutant("killed"), mutant("left out")], [], 100)).toMatchObject({ score: 100 });
  });
});

function mutant(outcome: Outcome): Mutant {
  return { ...name, nth: 1, line: 12, range: "solutions/01-aggregate/stay.ts:12:2-12:7", outcome };
}

function excuse(verdict: Excuse["verdict"]): Excuse {
  return { verdict, because: "it is an example", mutants: [name] };
}
