import type { SerializedError } from "vitest";
import { describe, expect, it } from "vitest";
import type { Mistake } from "../mistakes/mistake.ts";
import { catchesOf, faultsOf, type Trial } from "./mistake-verdict.ts";

const mistake: Mistake = {
  id: "counts-wrong",
  title: "counts wrong",
  file: "stay.ts",
  find: "one",
  replace: "two",
  caughtBy: ["a stay › has nights"],
  whatItCostsInProduction: "Much.",
};

const wrong: SerializedError = { name: "AssertionError", message: "expected 1 to be 2" };

/** All tests of the step, of which those are red that have an error here. */
function trial(errors: Readonly<Record<string, SerializedError>>): Trial {
  const names = new Set(["a stay › has nights", "a stay › has a price", ...Object.keys(errors)]);
  const tests = [...names].map((name) => {
    const error = errors[name];
    return { name, isGreen: error === undefined, errors: error === undefined ? [] : [error] };
  });
  return { tests, around: [] };
}

describe("a mistake is as it must be", () => {
  it("when the test that it names goes red, and no other", () => {
    expect(faultsOf(mistake, trial({ "a stay › has nights": wrong }))).toEqual([]);
  });

  it("when that test crashes or hangs", () => {
    const hanging = { name: "Error", message: "Test timed out in 20000ms." };
    for (const error of [{ name: "TypeError", message: "x is no function" }, hanging]) {
      expect(faultsOf(mistake, trial({ "a stay › has nights": error }))).toEqual([]);
    }
  });

  it("when a test that races goes red as well, or does not", () => {
    const racing = { ...mistake, perhapsAlso: ["a stay › has a price"] };
    const both = { "a stay › has nights": wrong, "a stay › has a price": wrong };
    expect(faultsOf(racing, trial(both))).toEqual([]);
    expect(faultsOf(racing, trial({ "a stay › has nights": wrong }))).toEqual([]);
  });

  it("when it breaks more than ten tests, and names one that tells why", () => {
    const many = Object.fromEntries(
      Array.from({ length: 10 }, (_, index) => [`a price › ${index}`, wrong]),
    );
    const all = { ...many, "a stay › has nights": wrong };
    expect(faultsOf({ ...mistake, amongOthers: true }, trial(all))).toEqual([]);
    expect(faultsOf(mistake, trial(all))).not.toEqual([]);
  });
});

describe("a mistake is not as it must be", () => {
  it("when nothing catches it", () => {
    expect(faultsOf(mistake, trial({}))).toEqual([
      "no test catches it: write the one that is missing",
    ]);
  });

  it("when another test catches it, and the list to put there is printed", () => {
    const faults = faultsOf(mistake, trial({ "a stay › has a price": wrong }));
    expect(faults).toEqual([
      "a stay › has nights stays green",
      "a stay › has a price goes red, too",
      'caughtBy: [\n  "a stay › has a price"\n],',
    ]);
  });

  it("when a second test catches it, however few are named on purpose", () => {
    const both = { "a stay › has nights": wrong, "a stay › has a price": wrong };
    for (const each of [mistake, { ...mistake, amongOthers: true as const }]) {
      expect(faultsOf(each, trial(both))).toContain("a stay › has a price goes red, too");
    }
  });

  it("when it names a test that there is not", () => {
    const renamed = { ...mistake, caughtBy: ["a stay › had nights"] };
    expect(faultsOf(renamed, trial({ "a stay › has nights": wrong }))).toContain(
      "a stay › had nights is no test of this step",
    );
  });

  it.each([
    ["not written yet", { name: "NotImplemented", message: "countNights is not written yet" }],
    ["infrastructure", { name: "InfrastructureMissing", message: "no PostgreSQL" }],
  ])("when its test is red for the wrong reason: %s", (verdict, error) => {
    const [fault] = faultsOf(mistake, trial({ "a stay › has nights": error }));
    expect(fault).toContain(`a stay › has nights is red as "${verdict}"`);
  });

  it("when the tests could not run, or there are none", () => {
    const around = [{ name: "SyntaxError", message: "Unexpected token" }];
    expect(faultsOf(mistake, { tests: [], around })).toEqual([
      "the tests could not run: Unexpected token",
    ]);
    expect(faultsOf(mistake, { tests: [], around: [] })).toEqual(["no test ran at all"]);
  });
});

describe("a mistake is caught", () => {
  it("by those of the tests that it names which are red for a fault of the code", () => {
    const missing = { name: "InfrastructureMissing", message: "No PostgreSQL here." };
    const two = { ...mistake, caughtBy: ["a stay › has nights", "a stay › has a price"] };

    expect(catchesOf(two, trial({ "a stay › has nights": wrong }))).toEqual([
      "a stay › has nights",
    ]);
    expect(
      catchesOf(two, trial({ "a stay › has a price": missing, "a guest › pays": wrong })),
    ).toEqual([]);
  });
});
