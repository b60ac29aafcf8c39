import { beforeAll, describe, expect, it } from "vitest";
import { group, modulesOf, right, test, withSmallVitest, wrong } from "./fixtures/small-vitest.ts";
import { outermostTitle, type Run, stepIdOf, testsOf } from "./run-vitest.ts";

const files = {
  "learner/stay": [
    group("a stay (of nights)", test("has nights", right), group("of one", test("has one", right))),
    group("a stay of nights", test("is another", right)),
    group("not a stay (of nights)", test("is none", right)),
  ].join("\n"),
  "learner/price": group(
    "a price",
    test(
      "is paid",
      `void Promise.reject(new Error("Nobody has awaited me.")); void Promise.reject({ code: 7 }); ${wrong}`,
    ),
  ),
};

let whole: Run;
let byTitle: Run;
let byFile: Run;
let withFirst: Run;
let ahead: Run | undefined;
beforeAll(async () => {
  await withSmallVitest(files, async (session) => {
    whole = await session.run();
    const file = modulesOf(whole, "learner/price")[0]?.moduleId ?? "";
    byTitle = await session.run({ titles: ["a stay (of nights)"] });
    byFile = await session.run({ files: (name) => name === file });
    const onEnd = (run: Run): void => {
      ahead = run;
    };
    withFirst = await session.run({ first: { file, onEnd } });
  });
});

function states({ modules }: Run): readonly string[] {
  return modules
    .flatMap(testsOf)
    .map((test) => `${test.fullName}: ${test.result().state}`)
    .sort();
}

describe("a run", () => {
  it("hands back each test, and what became of it", () => {
    expect(states(whole)).toEqual([
      "a price > is paid: failed",
      "a stay (of nights) > has nights: passed",
      "a stay (of nights) > of one > has one: passed",
      "a stay of nights > is another: passed",
      "not a stay (of nights) > is none: passed",
    ]);
  });

  it("of some titles leaves out the tests whose names begin otherwise", () => {
    expect(states(byTitle).filter((state) => !state.endsWith(": skipped"))).toEqual([
      "a stay (of nights) > has nights: passed",
      "a stay (of nights) > of one > has one: passed",
    ]);
  });

  it("of some files hands back these alone, and leaves out no test for the titles of the run before", () => {
    expect(states(byFile)).toEqual(["a price > is paid: failed"]);
  });

  it("tells of one file before the others have begun, and hands back all of them", () => {
    expect(ahead && states(ahead)).toEqual(["a price > is paid: failed"]);
    expect(states(withFirst)).toEqual(states(whole));
  });

  it("hands back the errors that no test has caught, also those of the file that was first", () => {
    for (const { errors } of [whole, withFirst]) {
      expect(errors.map(({ message }) => message)).toEqual([
        "Nobody has awaited me.",
        "{ code: 7 } was thrown, which is no Error.",
      ]);
    }
  });
});

describe("a test", () => {
  it("belongs to the step of its folder, and to the outermost group around it", () => {
    const [module] = modulesOf(whole, "learner/stay");
    expect(module && stepIdOf(module)).toBe("01-aggregate");
    expect(new Set(module && testsOf(module).map(outermostTitle))).toEqual(
      new Set(["a stay (of nights)", "a stay of nights", "not a stay (of nights)"]),
    );
  });
});
