/** What a run of the learner's step came to: task by task, and one failing test explained. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestCase, TestModule } from "vitest/node";
import { explain, explainBrokenModule } from "./explanation.ts";
import { errorsAround, type Run, testsOf } from "./run-vitest.ts";
import { root, type Step } from "./steps.ts";
import { type Verdict, verdictOf } from "./verdict.ts";

export interface StepReport {
  readonly isGreen: boolean;
  readonly tests: number;
  /** The outermost titles of the tests that failed, the explained one first. */
  readonly failing: readonly string[];
  /** For the terminal. */
  readonly lines: readonly string[];
}

/** `logged` is what the code printed, by the id of the test. */
export function reportOf(
  step: Step,
  { modules, errors }: Run,
  logged: ReadonlyMap<string, readonly string[]>,
): StepReport {
  const ordered = [...modules].sort(examplesFirst);
  const tests = ordered.flatMap(testsOf);
  const failed = tests.filter((test) => test.result().state !== "passed");
  // An error that no test has caught is told only where no failed test tells more of it.
  const around = [...ordered.flatMap(errorsAround), ...(failed.length === 0 ? errors : [])];
  if (tests.length === 0 && around.length === 0) {
    const lines = ["This step has no tests: is the clone complete?"];
    return { isGreen: false, tests: 0, failing: [], lines };
  }
  const groups = inOrderOfTasks(step, groupByTitle(tests));
  const width = Math.max(20, ...[...groups.keys()].map((title) => title.length));
  const table = [...groups].map(([title, cases]) => `  ${summary(title.padEnd(width), cases)}`);
  const [broken] = around;
  if (broken) {
    const lines = [...table, "", explainBrokenModule(step, broken)];
    return { isGreen: false, tests: tests.length, failing: [], lines };
  }
  const red = [...groups.values()]
    .flat()
    .filter((test) => test.result().state !== "passed")
    .sort((a, b) => examplesFirst(a.module, b.module));
  const first = red.find((test) => verdict(test) !== "not written yet") ?? red[0];
  if (!first) return { isGreen: true, tests: tests.length, failing: [], lines: table };
  return {
    isGreen: false,
    tests: tests.length,
    failing: [first, ...red].map(outermostTitle),
    lines: [...table, "", explain(step, first, logged.get(first.id) ?? []), ...others(red, first)],
  };
}

/** How many names of further red tests are shown: one is to be mended at a time. */
const shownOthers = 5;

function others(red: readonly TestCase[], first: TestCase): readonly string[] {
  const unwritten = red.filter((test) => verdict(test) === "not written yet" && test !== first);
  const wrong = red.filter((test) => test !== first && !unwritten.includes(test));
  const more = wrong.length - shownOthers;
  return [
    ...wrong
      .slice(0, shownOthers)
      .map((test, index) => `  ${index === 0 ? "also" : "    "}    ${shortName(test)}`),
    ...(more > 0 ? [`          and ${more} more that are red`] : []),
    ...(unwritten.length > 0
      ? [`          ${unwritten.length} tests wait for code that is not written yet`]
      : []),
  ];
}

/** Fits a line of 80 columns. */
function shortName(test: TestCase): string {
  const name = test.fullName.replaceAll(" > ", " › ");
  return name.length > 68 ? `${name.slice(0, 67)}…` : name;
}

/** The README's tasks name the tests that tick them; what it does not name comes last. */
function inOrderOfTasks(
  step: Step,
  groups: ReadonlyMap<string, TestCase[]>,
): Map<string, TestCase[]> {
  const readme = readFileSync(join(root, "steps", step.id, "README.md"), "utf8").replace(
    /\s+/g,
    " ",
  );
  const rank = (title: string): number => {
    const place = readme.indexOf(`"${title}"`);
    return place === -1 ? readme.length : place;
  };
  return new Map([...groups].sort(([a], [b]) => rank(a) - rank(b)));
}

/** Tests by the outermost `describe`, which is named after the task, in the order of the files. */
function groupByTitle(tests: readonly TestCase[]): Map<string, TestCase[]> {
  const groups = new Map<string, TestCase[]>();
  for (const test of tests) {
    const title = outermostTitle(test);
    groups.set(title, [...(groups.get(title) ?? []), test]);
  }
  return groups;
}

function outermostTitle(test: TestCase): string {
  let title = test.name;
  for (let parent = test.parent; parent.type === "suite"; parent = parent.parent)
    title = parent.name;
  return title;
}

function summary(title: string, cases: readonly TestCase[]): string {
  const count = `${cases.length} ${cases.length === 1 ? "test" : "tests"}`;
  const failed = cases.filter((test) => test.result().state !== "passed");
  if (failed.length === 0) return `✔ ${title}  ${count}`;
  const worse = failed.filter((test) => verdict(test) !== "not written yet");
  if (worse.length > 0) return `✘ ${title}  ${worse.length} of ${count} red`;
  return failed.length === cases.length
    ? `· ${title}  not written yet`
    : `· ${title}  ${failed.length} of ${count} not written yet`;
}

function verdict(test: TestCase): Verdict {
  return verdictOf(test.result().errors ?? []);
}

function examplesFirst(a: TestModule, b: TestModule): number {
  const rank = (module: TestModule): number => (module.moduleId.includes(".property.") ? 1 : 0);
  return rank(a) - rank(b);
}
