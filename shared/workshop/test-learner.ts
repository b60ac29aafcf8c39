/** `npm test N`: the learner's step, task by task, and one failing test explained. */

import { setTimeout as delay } from "node:timers/promises";
import type { Reporter, TestModule } from "vitest/node";
import { describeInfrastructure } from "../infrastructure/ladder.ts";
import type { LawSettings } from "../testing/law.ts";
import { tasksByTitle } from "./hints.ts";
import { listener } from "./listener.ts";
import { openLine } from "./open-line.ts";
import { markSolved, rememberFailures } from "./progress-file.ts";
import { progressLine } from "./progress-line.ts";
import { openVitest, type Run } from "./run-vitest.ts";
import { judgedSoFar, reportOf } from "./step-report.ts";
import { type Step, steps } from "./steps.ts";
import { openTypeChecker, typeErrorLines } from "./type-errors.ts";
import { watchdog } from "./watchdog.ts";
import { whoseCode } from "./whose-code.ts";

export interface LearnerOptions {
  /** Vitest's own output instead of the report. */
  readonly plainVitest: boolean;
  /** Only the tests of this task. */
  readonly task?: number | undefined;
  /** Only this case of one property. */
  readonly replay?: LawSettings["replay"];
}

/** Tests the learner's step, prints the verdict and remembers it; true when every test is green. */
export async function testLearner(
  step: Step,
  { plainVitest, task, replay }: LearnerOptions,
): Promise<boolean> {
  console.log(`${whoseCode(step).join("\n")}\n`);
  const titles = task === undefined ? [] : titlesOf(step, task);
  const logged = new Map<string, string[]>();
  const types = plainVitest ? undefined : openTypeChecker(step);
  try {
    const typeFaults = types?.check();
    const run = await runOnce(step, { plainVitest, titles, replay }, logged);
    const servers = describeInfrastructure();
    if (servers !== "") console.log(`${servers}\n`);
    const isWhole = task === undefined && replay === undefined;
    const { isGreen, tests, failing, lines } = reportOf(
      step,
      run,
      logged,
      isWhole ? "whole" : "part",
    );
    if (isWhole) markSolved(step.id, isGreen);
    if (failing.length > 0) rememberFailures(step.id, failing);
    if (!plainVitest || tests === 0) console.log(lines.join("\n"));
    const faults = await Promise.race([typeFaults, delay(patience, [], { ref: false })]);
    for (const line of typeErrorLines(faults ?? [], lines)) console.log(line);
    if (isGreen) console.log(`\n${whatIsGreen(step, task, replay)}`);
    return isGreen;
  } finally {
    types?.close(); // It would keep this process from ending.
  }
}

const afterTheLast =
  "That was the last step.\nnpm run progress shows which are open, and npm run demo -- --mine puts yours together.";

/** How long the compiler may take when the tests have ended, in milliseconds. */
const patience = 10_000;

async function runOnce(
  step: Step,
  {
    plainVitest,
    titles,
    replay,
  }: Pick<LearnerOptions, "plainVitest" | "replay"> & {
    readonly titles: readonly string[];
  },
  logged: Map<string, string[]>,
): Promise<Run> {
  const line = openLine();
  let ended = 0;
  const modules: TestModule[] = [];
  const endRun = (text: string): void => {
    console.error([...judgedSoFar(step, modules), "", text].join("\n"));
    process.exit(1); // The run's clean-up ends the worker that hangs.
  };
  const counter: Reporter = {
    onTestModuleStart: (module) => void modules.push(module),
    onTestCaseResult: () => {
      ended += 1;
      line.show(`running ... ${ended === 1 ? "1 test" : `${ended} tests`}`);
    },
  };
  const reporters = plainVitest
    ? ["default" as const]
    : [listener(logged), watchdog(step, endRun), counter];
  if (!plainVitest) line.show("getting ready ...");
  const session = await openVitest(["learner"], step, reporters);
  try {
    return await session.run({
      ...(replay && { laws: { replay }, files: (file) => file.includes(".property.") }),
      titles,
    });
  } finally {
    line.clear();
    await session.close();
  }
}

/** How the names of the task's tests begin. Throws a RangeError where there is no such task. */
function titlesOf(step: Step, task: number): readonly string[] {
  const titles = tasksByTitle(step.id).titlesOf(task);
  if (titles.length > 0) return titles.map((title) => title.replace(/ ?\.\.\.$/, ""));
  throw new RangeError(
    `Step ${step.number} has no task ${task}: they are listed in steps/${step.id}/README.md.`,
  );
}

function whatIsGreen(step: Step, task: number | undefined, replay: LawSettings["replay"]): string {
  const whole = `npm test ${step.number} tests all of the step.`;
  if (replay) return `The law holds for this case now. ${whole}`;
  if (task !== undefined) return `Task ${task} is green. ${whole}`;
  const isLast = steps.every(({ number }) => number <= step.number);
  return `Step ${step.id} is green. Now read the debrief in its README.\n${progressLine(isLast ? afterTheLast : undefined)}`;
}
