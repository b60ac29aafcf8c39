import { beforeAll, describe, expect, it } from "vitest";
import { hasBroken, whatWasMissed } from "./exploration.ts";
import { group, modulesOf, right, test, withSmallVitest, wrong } from "./fixtures/small-vitest.ts";
import type { Run } from "./run-vitest.ts";

const files = {
  "learner/held.property": group("the laws", test("hold", right)),
  "learner/over.property": group("the laws", test("had no turn", right, "it.skip")),
  "learner/broken.property": group("the laws", test("do not hold", wrong)),
  "learner/unparsed.property": 'describe("the laws", () => {',
};

let all: Run;
beforeAll(async () => {
  all = await withSmallVitest(files, (session) => session.run());
});

function runOf(...names: readonly (keyof typeof files)[]): Run {
  return { modules: modulesOf(all, ...names), errors: [], stalls: [] };
}

describe("a round of the laws", () => {
  it("goes on to the next while they hold, also where the time is over", () => {
    expect(hasBroken(runOf("learner/held.property", "learner/over.property"))).toBe(false);
  });

  it("is the last where one is broken, or its file does not load", () => {
    expect(hasBroken(runOf("learner/held.property", "learner/broken.property"))).toBe(true);
    expect(hasBroken(runOf("learner/held.property", "learner/unparsed.property"))).toBe(true);
  });

  it("is the last where a loop never ended, or no law has caught an error", () => {
    const round = runOf("learner/held.property");
    expect(hasBroken({ ...round, stalls: [{ frames: [] }] })).toBe(true);
    expect(hasBroken({ ...round, errors: [{ message: "Nobody has awaited me." }] })).toBe(true);
  });
});

describe("the laws of a step", () => {
  it("have held where each had a turn", () => {
    expect(
      whatWasMissed(
        new Map([
          ["one", 100],
          ["another", 1],
        ]),
      ),
    ).toBeUndefined();
  });

  it("have not held where one had none, or all, or there is none", () => {
    expect(
      whatWasMissed(
        new Map([
          ["one", 100],
          ["another", 0],
        ]),
      ),
    ).toContain("before 1 of 2 laws");
    expect(whatWasMissed(new Map([["one", 0]]))).toContain("before a law was tried");
    expect(whatWasMissed(new Map())).toContain("before a law was tried");
  });
});
