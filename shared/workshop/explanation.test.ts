import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { explain, explainBrokenModule, explainStall } from "./explanation.ts";
import {
  group,
  modulesOf,
  right,
  test,
  unserved,
  unwritten,
  withSmallVitest,
  wrong,
} from "./fixtures/small-vitest.ts";
import { type Run, testsOf } from "./run-vitest.ts";
import { root, stepNumbered } from "./steps.ts";
import { errorsAround } from "./thrown.ts";

const step = stepNumbered(1);

const story = `story({
  given: "a pending reservation",
  when: "it is cancelled",
  wanted: "ReservationCancelled",
  costs: "A room stays empty.",
});`;

const counterexample =
  'task.meta.counterexample = { run: 3, runs: 50, shrinks: 2, replay: "fold:7:0:1" };';

const files = {
  "learner/wrong": group("a pending reservation", test("is cancelled", `${story} ${wrong}`)),
  "learner/conflict": group(
    "a pending reservation",
    test(
      "is stored",
      'throw Object.assign(new Error("it is at version 2"), { name: "ConcurrencyConflict", expected: 1, actual: 2 });',
    ),
  ),
  "learner/no-error": group(
    "a pending reservation",
    test("is refused", 'throw { code: "reservation-cancelled" };'),
    test("is refused again", "throw new Date(0);"),
  ),
  "learner/unwritten": group(
    "a pending reservation",
    test("is cancelled", `${story} ${unwritten}`),
  ),
  "learner/unserved": group("a pending reservation", test("is stored", `${story} ${unserved}`)),
  "learner/law.property": group("the laws", test("hold", `${counterexample} ${wrong}`)),
  "learner/unparsed": 'describe("a pending reservation", () => {',
  "learner/hook":
    'beforeAll(() => { throw new TypeError("The hook failed."); });\n' +
    group("a pending reservation", test("stays so", right)),
  "learner/unserved-hook": `beforeAll(() => { ${unserved} });\n${group("a pending reservation", test("stays so", right))}`,
};

let all: Run;
beforeAll(async () => {
  all = await withSmallVitest(files, (session) => session.run());
});

describe("a test that failed", () => {
  it("is told with its story, what its code printed, and what it costs in production", () => {
    expect(told("learner/wrong", ["first\n", "second\n"])).toEqual([
      "WRONG  a pending reservation › is cancelled",
      "  given   a pending reservation",
      "  when    it is cancelled",
      "  then    ReservationCancelled",
      "  but     - wanted, + yours:",
      "          - 2",
      "          + 1",
      "  printed first",
      "          second",
      "",
      "  costs   A room stays empty.",
      "  next    npm run hint 1    one nudge, then more each time",
    ]);
  });

  it("has no diff of an error that was thrown, whatever its fields are called", () => {
    const lines = told("learner/conflict").join("\n");
    expect(lines).toContain("ConcurrencyConflict: it is at version 2");
    expect(lines).not.toContain("wanted");
  });

  it("is told with what was thrown, where that is no error", () => {
    const lines = told("learner/no-error");
    expect(lines[0]).toBe("CRASHED  a pending reservation › is refused");
    expect(lines).toContain(
      "  what    { code: 'reservation-cancelled' } was thrown, which is no Error.",
    );
    expect(lines).toContain("  what    '1970-01-01T00:00:00.000Z' was thrown, which is no Error.");
  });

  it("costs nothing as long as its code is not written yet", () => {
    expect(told("learner/unwritten")).toEqual([
      "NOT WRITTEN YET  a pending reservation › is cancelled",
      "  given   a pending reservation",
      "  when    it is cancelled",
      "  then    ReservationCancelled",
      "  what    decide is not written yet",
      "",
      "  next    npm run hint 1    one nudge, then more each time",
    ]);
  });

  it("says nothing of the code where a server is missing", () => {
    expect(told("learner/unserved")).toEqual([
      "INFRASTRUCTURE (your code is not judged)  a pending reservation › is stored",
      "  what    InfrastructureMissing: No PostgreSQL here.",
      "",
      "  next    docker compose up -d, then run it again; or npm run doctor",
    ]);
  });

  it("of a law says which case has broken it, and what tries that case again", () => {
    const lines = told("learner/law.property");
    expect(lines[1]).toBe("  law     broken by case 3 of 50, made smaller 2 times:");
    expect(lines.at(-1)).toBe("  again   npm test 1 -- --replay fold:7:0:1");
  });

  it("shows a dozen of the lines that its code printed, and how many there are more", () => {
    const printed = Array.from({ length: 15 }, (_, index) => `line ${index + 1}`).join("\n");
    const lines = told("learner/wrong", [printed]);
    expect(lines).toContain("          line 12");
    expect(lines).not.toContain("          line 13");
    expect(lines).toContain("          ... 3 more lines");
  });
});

describe("a file whose tests could not run", () => {
  it("is told with the hook that failed", () => {
    expect(toldOfFile("learner/hook")).toEqual([
      "CRASHED  before the tests could run",
      "  what    TypeError: The hook failed.",
      "",
      "  next    npm run hint 1    one nudge, then more each time",
    ]);
  });

  it("is told with the line that does not parse, for which there is no hint", () => {
    const lines = toldOfFile("learner/unparsed");
    expect(lines[0]).toBe("CRASHED  before the tests could run");
    expect(lines.join("\n")).toMatch(/PARSE_ERROR[\s\S]*unparsed\.test\.ts:\d+/);
    expect(lines.at(-1)).toBe("  next    mend that line, then run it again");
  });

  it("says nothing of the code where a server is missing", () => {
    expect(toldOfFile("learner/unserved-hook")[0]).toBe("INFRASTRUCTURE (your code is not judged)");
  });
});

describe("a loop that never ended", () => {
  const file = (name: string): string => join(root, "steps", step.id, name);
  const inTest = { functionName: "", file: file("stay.test.ts"), line: 9 };
  const inCode = { functionName: "countNights", file: file("stay.ts"), line: 7 };

  it("is told with its test, and with the line of the learner's file", () => {
    const [test] = testsIn("learner/wrong");
    const lines = explainStall(step, { frames: [inTest, inCode] }, test).split("\n");
    expect(lines[0]).toBe("TOO SLOW OR HANGING  a pending reservation › is cancelled");
    expect(lines).toContain("  where   steps/01-aggregate/stay.ts:7, in countNights");
  });

  it("is told without a test while a file was loaded, and with another file's line where there is none of the learner's", () => {
    const lines = explainStall(step, { frames: [inTest] }, undefined).split("\n");
    expect(lines[0]).toBe("TOO SLOW OR HANGING  while the file was loaded");
    expect(lines).toContain("  where   steps/01-aggregate/stay.test.ts:9");
  });
});

function testsIn(name: keyof typeof files) {
  return modulesOf(all, name).flatMap(testsOf);
}

function told(name: keyof typeof files, logged: readonly string[] = []): readonly string[] {
  return testsIn(name).flatMap((test) => withoutPlaces(explain(step, test, logged)));
}

function toldOfFile(name: keyof typeof files): readonly string[] {
  const errors = modulesOf(all, name).flatMap(errorsAround);
  return errors.flatMap((error) => withoutPlaces(explainBrokenModule(step, error)));
}

/** Where a task is to be done depends on what the learner of this clone has written. */
function withoutPlaces(text: string): readonly string[] {
  return text.split("\n").filter((line) => !/^ {2}(where|test) /.test(line));
}
