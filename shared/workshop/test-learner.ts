/** `npm test N`: the learner's step, task by task, and one failing test explained. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Reporter, SerializedError, TestCase, TestModule } from "vitest/node";
import { describeInfrastructure } from "../infrastructure/ladder.ts";
import { explain, explainBrokenModule } from "./explanation.ts";
import { markSolved, rememberFailures, solvedSteps } from "./progress-file.ts";
import { progressLine } from "./progress-line.ts";
import { errorsAround, runVitest, testsOf } from "./run-vitest.ts";
import { root, type Step } from "./steps.ts";
import { type Verdict, verdictOf } from "./verdict.ts";
import { watchdog } from "./watchdog.ts";
import { whoseCode } from "./whose-code.ts";

/** Tests the learner's step, prints the verdict and remembers it; true when every test is green. */
export async function testLearner(step: Step, plainVitest: boolean): Promise<boolean> {
  console.log(`${whoseCode(step, solvedSteps())}\n`);
  const logged = new Map<string, string[]>();
  const listener: Reporter = {
    onUserConsoleLog({ taskId = "", content }) {
      logged.set(taskId, [...(logged.get(taskId) ?? []), content]);
    },
  };
  const { modules, errors } = await runVitest({
    trees: ["learner"],
    step,
    reporters: plainVitest ? ["default"] : [listener, watchdog(step)],
  });
  const servers = describeInfrastructure();
  if (servers !== "") console.log(`${servers}\n`);
  const ordered = [...modules].sort(examplesFirst);
  const tests = ordered.flatMap(testsOf);
  const failed = tests.filter((test) => test.result().state !== "passed");
  // An error that no test has caught is told only where no failed test tells more of it.
  const around = [...ordered.flatMap(errorsAround), ...(failed.length === 0 ? errors : [])];
  const green = tests.length > 0 && failed.length === 0 && around.length === 0;
  markSolved(step.id, green);
  if (tests.length === 0 && around.length === 0) {
    console.log("This step has no tests: is the clone complete?");
  } else if (!plainVitest) report(step, tests, around, logged);
  if (green)
    console.log(
      `\nStep ${step.id} is green. Now read the debrief in its README.\n${progressLine()}`,
    );
  return green;
}

function report(
  step: Step,
  tests: readonly TestCase[],
  around: readonly SerializedError[],
  logged: ReadonlyMap<string, readonly string[]>,
): void {
  const groups = inOrderOfTasks(step, groupByTitle(tests));
  const width = Math.max(20, ...[...groups.keys()].map((title) => title.length));
  for (const [title, cases] of groups) console.log(`  ${summary(title.padEnd(width), cases)}`);
  const broken = around[0];
  if (broken) {
    console.log(`\n${explainBrokenModule(step, broken)}`);
    return;
  }
  const failed = [...groups.values()]
    .flat()
    .filter((test) => test.result().state !== "passed")
    .sort((a, b) => examplesFirst(a.module, b.module));
  const first = failed.find((test) => verdict(test) !== "not written yet") ?? failed[0];
  if (first === undefined) return;
  rememberFailures(step.id, [first, ...failed].map(outermostTitle));
  console.log(`\n${explain(step, first, logged.get(first.id) ?? [])}`);
  const unwritten = failed.filter((test) => verdict(test) === "not written yet").length;
  const others = failed.length - unwritten - (verdict(first) === "not written yet" ? 0 : 1);
  const parts = [
    others > 0 ? `${others} more red` : "",
    unwritten > 0 ? `${unwritten} tests wait for code that is not written yet` : "",
  ];
  const rest = parts.filter((part) => part !== "").join(", ");
  if (rest !== "") console.log(`          ${rest}`);
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
