/** The workshop checks itself: every reference green, every starter red for the right reason, every tool green. */

import type { Reporter, SerializedError, TestModule } from "vitest/node";
import { describeInfrastructure, whatWasPassedOver } from "../infrastructure/ladder.ts";
import { progressLine } from "./progress-line.ts";
import { type Run, type RunOptions, runVitest, stepIdOf, testsOf } from "./run-vitest.ts";
import type { Step } from "./steps.ts";
import { errorsAround, errorsOf } from "./thrown.ts";
import type { TreeName } from "./trees.ts";
import { complaintsAbout, isBeyondThisMachine, isMissingServer } from "./workshop-verdict.ts";

/**
 * Runs the trees' tests, prints progress and complaints; true when there is nothing to complain about.
 * Judges the workshop alone: what a learner wrote into `steps/` plays no part.
 */
export async function testWorkshop(
  step?: Step,
  trees: readonly TreeName[] = ["reference", "pristine"],
  runTests: (options: RunOptions) => Promise<Run> = runVitest,
): Promise<boolean> {
  const started = performance.now();
  const whole = step === undefined && trees.length > 1;
  const run = await runTests({ trees, step, tooling: whole, reporters: [progressReporter()] });
  const { modules } = run;
  const untested = new Set(modules.filter(lacksServer).flatMap((module) => stepIdOf(module) ?? []));
  const complaints = complaintsAbout(run);
  const tests = modules.flatMap(testsOf);
  for (const { where, why } of complaints)
    console.error(`\n✘ ${where}\n  ${why.replaceAll("\n", "\n  ")}`);
  for (const line of whatWasPassedOver()) console.log(`  not taken  ${line}`);
  if (untested.size > 0)
    console.log(`\nNot tested: ${[...untested].join(", ")}.\n${whatIsMissing(modules)}`);
  const beyond = tests.filter(isBeyondThisMachine).length;
  if (beyond > 0)
    console.log(`\n${beyond} tests of the tools ask for what this machine has not got.`);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  const verdict =
    complaints.length === 0 ? "all as it must be" : `${complaints.length} not as they must be`;
  console.log(`\n${describeInfrastructure()}`);
  console.log(`${tests.length} tests in ${seconds} s: ${verdict}.`);
  if (whole) console.log(progressLine());
  return complaints.length === 0;
}

function missingServers(module: TestModule): readonly SerializedError[] {
  const errors = testsOf(module).flatMap(errorsOf);
  return [...errors, ...errorsAround(module)].filter(isMissingServer);
}

function lacksServer(module: TestModule): boolean {
  return missingServers(module).length > 0;
}

function whatIsMissing(modules: readonly TestModule[]): string {
  const messages = modules.flatMap(missingServers).map(({ message }) => message);
  return [...new Set(messages)].join("\n");
}

/** A line for each tree and step when its last file is done. */
function progressReporter(): Reporter {
  const waiting = new Map<string, number>();
  const counted = new Map<string, { passed: number; failed: number }>();
  const groupOf = (module: TestModule): string =>
    `${module.project.name} ${stepIdOf(module) ?? "tools"}`;
  return {
    onTestRunStart(specifications) {
      for (const { project, moduleId } of specifications) {
        const step = /[/\\]steps[/\\](\d\d-[^/\\]+)[/\\]/.exec(moduleId)?.[1] ?? "tools";
        const group = `${project.name} ${step}`;
        waiting.set(group, (waiting.get(group) ?? 0) + 1);
      }
    },
    onTestModuleEnd(module) {
      const group = groupOf(module);
      const count = counted.get(group) ?? { passed: 0, failed: 0 };
      for (const test of testsOf(module)) {
        const { state } = test.result();
        if (state === "passed") count.passed++;
        else if (state === "failed") count.failed++;
      }
      counted.set(group, count);
      const left = (waiting.get(group) ?? 1) - 1;
      waiting.set(group, left);
      if (left > 0) return;
      const colours = [
        count.passed > 0 ? `${count.passed} green` : "",
        count.failed > 0 ? `${count.failed} red` : "",
      ].filter((text) => text !== "");
      console.log(`  ${group.padEnd(34)} ${colours.join(", ")}`);
    },
  };
}
