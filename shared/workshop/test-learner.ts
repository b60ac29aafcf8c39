/** `npm test N`: the learner's step, task by task, and one failing test explained. */

import type { Reporter } from "vitest/node";
import { describeInfrastructure } from "../infrastructure/ladder.ts";
import { markSolved, rememberFailures, solvedSteps } from "./progress-file.ts";
import { progressLine } from "./progress-line.ts";
import { runVitest } from "./run-vitest.ts";
import { reportOf } from "./step-report.ts";
import type { Step } from "./steps.ts";
import { watchdog } from "./watchdog.ts";
import { whoseCode } from "./whose-code.ts";

/** Tests the learner's step, prints the verdict and remembers it; true when every test is green. */
export async function testLearner(step: Step, plainVitest: boolean): Promise<boolean> {
  console.log(`${whoseCode(step, solvedSteps())}\n`);
  const logged = new Map<string, string[]>();
  const run = await runVitest({
    trees: ["learner"],
    step,
    reporters: plainVitest ? ["default"] : [listener(logged), watchdog(step, endRun)],
  });
  const servers = describeInfrastructure();
  if (servers !== "") console.log(`${servers}\n`);
  const { isGreen, tests, failing, lines } = reportOf(step, run, logged);
  markSolved(step.id, isGreen);
  if (failing.length > 0) rememberFailures(step.id, failing);
  if (!plainVitest || tests === 0) console.log(lines.join("\n"));
  if (isGreen)
    console.log(
      `\nStep ${step.id} is green. Now read the debrief in its README.\n${progressLine()}`,
    );
  return isGreen;
}

/** Collects what the learner's code prints, by the id of the test. */
export function listener(logged: Map<string, string[]>): Reporter {
  return {
    onUserConsoleLog({ taskId = "", content }) {
      logged.set(taskId, [...(logged.get(taskId) ?? []), content]);
    },
  };
}

function endRun(text: string): void {
  console.error(text);
  process.exit(1); // The run's clean-up ends the worker that hangs.
}
