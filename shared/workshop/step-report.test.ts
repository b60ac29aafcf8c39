import { beforeAll, describe, expect, it } from "vitest";
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
import { type Extent, judgedSoFar, reportOf, type StepReport } from "./step-report.ts";
import { stepNumbered } from "./steps.ts";

const step = stepNumbered(1);

const files = {
  "learner/green": group("the nights of a stay", test("are counted", right)),
  "learner/wrong": group("the state of a reservation", test("is", right), test("turns", wrong)),
  "learner/unwritten": group("the nights of a stay", test("are none", unwritten)),
  "learner/laws.property": group("the laws of an aggregate", test("hold", wrong)),
  "learner/early.property": group("the nights of a stay", test("are never negative", wrong)),
  "learner/unawaited": group(
    "the nights of a stay",
    test(
      "are counted",
      `task.meta.unawaited = "at countNights (/work/steps/01-aggregate/stay.ts:16:3)"; ${right}`,
    ),
  ),
  "learner/unserved": group("a confirmed reservation", test("is stored", unserved)),
  "learner/skipped": group(
    "a pending reservation",
    test("is confirmed", right),
    test("is left out", right, "it.skip"),
  ),
  "learner/only": group(
    "a confirmed reservation",
    test("is the only one", right, "it.only"),
    test("is left out", right),
  ),
  "learner/unparsed": 'describe("the nights of a stay", () => {',
  "learner/hook": group(
    "a cancelled reservation",
    'beforeAll(() => { throw new TypeError("The hook failed."); });',
    test("stays so", right),
  ),
  "learner/exiting": group("a cancelled reservation", test("ends", "process.exit(0);")),
  "learner/rejecting": group(
    "a cancelled reservation",
    test("stays so", `void Promise.reject(new Error("Nobody has awaited me.")); ${right}`),
  ),
  // In a process of its own: it takes with it what else runs there.
  "lost/killed": group(
    "a cancelled reservation",
    test("kills its worker", 'process.kill(process.pid, "SIGKILL"); await new Promise(() => {});'),
  ),
};

let all: Run;
beforeAll(async () => {
  all = await withSmallVitest(files, (session) => session.run());
});

/** As if only these of the files had been run, without the errors outside of their tests. */
function runOf(...names: readonly (keyof typeof files)[]): Run {
  return { modules: modulesOf(all, ...names), errors: [], stalls: [] };
}

/** The errors that no test has caught and that say so. */
function errorsThat(say: string): Pick<Run, "errors"> {
  return { errors: all.errors.filter(({ message }) => message.includes(say)) };
}

function report(run: Run, extent?: Extent): StepReport {
  return reportOf(step, run, new Map(), extent);
}

describe("a step is green", () => {
  it("where each of its tests has passed", () => {
    const { isGreen, tests, failing, lines } = report(runOf("learner/green"));
    expect({ isGreen, tests, failing, lines }).toEqual({
      isGreen: true,
      tests: 1,
      failing: [],
      lines: ["  ✔ 1  the nights of a stay  1 test"],
    });
  });

  it("where a part was asked for, whatever becomes of the others", () => {
    const { isGreen, tests } = report(runOf("learner/green", "learner/only"), "part");
    expect({ isGreen, tests }).toEqual({ isGreen: true, tests: 2 });
  });
});

describe("a step is not green", () => {
  it.each([
    ["a test failed", "learner/wrong"],
    ["a test waits for code that is not written yet", "learner/unwritten"],
    ["a server is missing", "learner/unserved"],
    ["a test was skipped", "learner/skipped"],
    ["a test was left out by an .only", "learner/only"],
    ["a file does not parse", "learner/unparsed"],
    ["a hook failed", "learner/hook"],
    ["a test ended the process", "learner/exiting"],
    ["a test never came to its end", "lost/killed"],
  ] as const)("where %s", (_, file) => {
    expect(report(runOf("learner/green", file)).isGreen).toBe(false);
  });

  it.each([
    ["a test failed", "learner/wrong"],
    ["a file does not parse", "learner/unparsed"],
    ["a hook failed", "learner/hook"],
    ["a test never came to its end", "lost/killed"],
  ] as const)("where %s in the part that was asked for", (_, file) => {
    expect(report(runOf("learner/green", file), "part").isGreen).toBe(false);
  });

  it.each(["Nobody has awaited me.", "[vitest-pool]"])(
    "where no test has caught: %s",
    (message) => {
      const run = { ...runOf("learner/green"), ...errorsThat(message) };
      expect(report(run).isGreen).toBe(false);
      expect(report(run, "part").isGreen).toBe(false);
    },
  );

  it("where a loop never ended, whose test is the one to mend", () => {
    const run = runOf("learner/green");
    const [test] = run.modules.flatMap(testsOf);
    const { isGreen, failing } = report({ ...run, stalls: [{ test: test?.id ?? "", frames: [] }] });
    expect(isGreen).toBe(false);
    expect(failing).toEqual(["the nights of a stay"]);
  });

  it("where no test ran at all", () => {
    expect(report(runOf()).isGreen).toBe(false);
    expect(report(runOf(), "part").isGreen).toBe(false);
  });

  it("while other tests are to come", () => {
    expect(report(runOf("learner/green"), "under way").isGreen).toBe(false);
  });
});

describe("the report", () => {
  it("lists the groups in the order of the tasks, and explains one test: no law, and nothing that is not written yet", () => {
    const run = runOf(
      "learner/laws.property",
      "learner/unwritten",
      "learner/wrong",
      "learner/green",
    );
    const { failing, file, lines } = report(run);
    expect(failing[0]).toBe("the state of a reservation");
    expect(new Set(failing)).toEqual(
      new Set(["the state of a reservation", "the nights of a stay", "the laws of an aggregate"]),
    );
    expect(file).toMatch(/\/wrong\.test\.ts$/);
    expect(lines.slice(0, 5)).toEqual([
      "  · 1  the nights of a stay        1 of 2 tests not written yet",
      "  ✘ 2  the state of a reservation  1 of 2 tests red",
      "  ✘    the laws of an aggregate    1 of 1 test red",
      "",
      "WRONG  the state of a reservation › turns",
    ]);
    expect(lines.slice(-2)).toEqual([
      "  also    the laws of an aggregate › hold",
      "          1 test waits for code that is not written yet",
    ]);
  });

  it("explains an example before a law, whichever task comes first", () => {
    const { failing } = report(runOf("learner/early.property", "learner/wrong"));
    expect(failing[0]).toBe("the state of a reservation");
  });

  it("tells of a query that was not awaited, though the test is green", () => {
    const { isGreen, lines } = report(runOf("learner/unawaited"));
    expect(isGreen).toBe(true);
    expect(lines).toContain("  where   steps/01-aggregate/stay.ts:16");
    expect(report(runOf("learner/unawaited", "learner/wrong")).lines).toContain(
      "  where   steps/01-aggregate/stay.ts:16",
    );
  });

  it("grows shorter for a small terminal: without the other red tests, then without the other groups", () => {
    const { shorter } = report(runOf("learner/green", "learner/wrong", "learner/laws.property"));
    const [withoutOthers = [], ownGroup = []] = shorter;
    expect(withoutOthers).toContain("  ✔ 1  the nights of a stay        1 test");
    expect(withoutOthers.join("\n")).not.toContain("also");
    expect(ownGroup.slice(0, 2)).toEqual([
      "  ✘ 2  the state of a reservation  1 of 2 tests red",
      "WRONG  the state of a reservation › turns",
    ]);
  });

  it("says how many tests were left out", () => {
    const { lines } = report(runOf("learner/skipped", "learner/only"));
    expect(lines).toEqual([
      "  · 4  a pending reservation    1 of 2 tests not run",
      "  · 4  a confirmed reservation  1 of 2 tests not run",
      "",
      "  what    What was run is green, but 2 of the tests were not run. Is there a",
      "          .skip or an .only in a test?",
    ]);
  });

  it.each([
    ["does not parse", "learner/unparsed", "mend that line"],
    ["has a hook that failed", "learner/hook", "TypeError: The hook failed."],
  ] as const)(
    "tells of a file that %s, though a test is red, and what was not run for it",
    (_, file, why) => {
      const { lines } = report(runOf("learner/wrong", file));
      expect(lines).toContain("CRASHED  before the tests could run");
      expect(lines.join("\n")).toContain(why);
      expect(lines).toContain("  · 1  the nights of a stay                  not run");
    },
  );

  it("tells of a worker that was lost, though a test is red", () => {
    const { lines } = report({ ...runOf("learner/wrong"), ...errorsThat("[vitest-pool]") });
    expect(lines).toContain("  what    Error: Worker exited unexpectedly");
  });

  it("prefers the test that failed to the error that no test has caught", () => {
    const { lines } = report({ ...runOf("learner/wrong"), ...errorsThat("Nobody has") });
    expect(lines).toContain("WRONG  the state of a reservation › turns");
    expect(lines.join("\n")).not.toContain("Nobody has awaited me.");
  });

  it("under way lists what is running still", () => {
    const { lines } = report(runOf("learner/wrong"), "under way");
    expect(lines.slice(0, 3)).toEqual([
      "  · 1  the nights of a stay                  running ...",
      "  ✘ 2  the state of a reservation            1 of 2 tests red",
      "  · 3  a new reservation                     running ...",
    ]);
  });

  it("of a run that is given up lists what is judged so far", () => {
    expect(judgedSoFar(step, runOf("lost/killed", "learner/green").modules)).toEqual([
      "  ✔ 1  the nights of a stay                  1 test",
      "  · 2  the state of a reservation            not run",
      "  · 3  a new reservation                     not run",
      "  · 4  a reservation that was never created  not run",
      "  · 4  a pending reservation                 not run",
      "  · 4  a confirmed reservation               not run",
      "  · 4  a cancelled reservation               not run",
      "  ·    the laws of an aggregate              not run",
    ]);
  });
});
