/** Notices a run in which nothing happens any more, whatever keeps the time limits of tests from striking. */

import type { Reporter, TestCase } from "vitest/node";
import { isDebugged } from "../infrastructure/debugged.ts";
import type { Step } from "./steps.ts";

/** Longer than any test or hook may take (vitest.config.ts, and those of step 13 that start whole systems). */
const patience = 75_000;

/** Watches the run; when no test begins or ends for that long it hands over what to tell, once. */
export function watchdog(step: Step, onHanging: (text: string) => void): Reporter {
  if (isDebugged()) return {}; // somebody stands at a break point
  let timer: NodeJS.Timeout | undefined;
  let last: TestCase | undefined;
  const giveUp = (): void => {
    const place =
      last === undefined
        ? "before the first test"
        : `${last.fullName.replaceAll(" > ", " › ")}, or the test after it`;
    onHanging(
      [
        `TOO SLOW OR HANGING  ${place}`,
        `  what    nothing happened for ${patience / 1000} s: most likely a loop that never ends, or an`,
        "          await of something that never comes",
        `  where   steps/${step.id}, in what you changed last`,
        "  next    look at what ends the loop or the wait, then run it again",
      ].join("\n"),
    );
  };
  const alive = (): void => {
    clearTimeout(timer);
    timer = setTimeout(giveUp, patience);
  };
  return {
    onTestModuleStart: alive,
    onTestCaseReady(test) {
      last = test;
      alive();
    },
    onTestCaseResult: alive,
    onTestModuleEnd: alive,
    onTestRunEnd: () => clearTimeout(timer),
  };
}
