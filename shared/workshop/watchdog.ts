/** Notices a run in which nothing happens any more: no time limit can interrupt a loop without an await. */

import type { Reporter, TestCase } from "vitest/node";
import { isDebugged } from "../infrastructure/debugged.ts";
import type { Step } from "./steps.ts";

/** Longer than any test or hook may take (vitest.config.ts). */
const patience = 45_000;

/** Watches the run; when no test begins or ends for 45 seconds it hands over what to tell, once. */
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
        `  what    nothing happened for ${patience / 1000} s: most likely a loop that never ends`,
        `  where   steps/${step.id}, in what you changed last`,
        "  next    look at the condition that ends the loop, then run it again",
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
