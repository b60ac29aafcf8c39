/** The workshop checks itself: every reference green, every starter red for the right reason, every tool green. */

import { stripVTControlCharacters } from "node:util";
import type { Reporter, SerializedError, TestCase, TestModule } from "vitest/node";
import { describeInfrastructure, whatWasPassedOver } from "../infrastructure/ladder.ts";
import { progressLine } from "./progress-line.ts";
import { errorsAround, runVitest, stepIdOf, testsOf } from "./run-vitest.ts";
import type { Step } from "./steps.ts";
import type { TreeName } from "./trees.ts";
import { isRightlyRed } from "./verdict.ts";

/** One thing that is not as it must be. */
interface Complaint {
  readonly where: string;
  readonly why: string;
}

/**
 * Runs the trees' tests, prints progress and complaints; true when there is nothing to complain about.
 * Judges the workshop alone: what a learner wrote into `steps/` plays no part.
 */
export async function testWorkshop(
  step?: Step,
  trees: readonly TreeName[] = ["reference", "pristine"],
): Promise<boolean> {
  const started = performance.now();
  const whole = step === undefined && trees.length > 1;
  const { modules, errors } = await runVitest({
    trees,
    step,
    tooling: whole,
    reporters: [progressReporter()],
  });
  const untested = new Set(modules.filter(lacksServer).flatMap((module) => stepIdOf(module) ?? []));
  const complaints = [
    ...modules.flatMap(complaintsAbout),
    ...errors.map((error) => ({ where: "outside any test", why: told(error) })),
  ];
  const tests = modules.flatMap(testsOf);
  if (tests.length === 0) complaints.push({ where: "the run", why: "no test ran at all" });
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

function complaintsAbout(module: TestModule): readonly Complaint[] {
  const name = `${module.project.name} ${module.relativeModuleId}`;
  const broken = errorsAround(module).filter((error) => !isMissingServer(error));
  const around = broken.map((error) => ({ where: name, why: told(error) }));
  const judged = testsOf(module).flatMap((test) => {
    const { state, errors = [] } = test.result();
    const where = `${name} › ${test.fullName}`;
    if (state !== "passed" && errors.some(isMissingServer)) return [];
    if (isBeyondThisMachine(test)) return [];
    if (module.project.name !== "pristine") {
      if (state === "passed") return [];
      return [{ where, why: errors.length > 0 ? errors.map(told).join("\n") : `was ${state}` }];
    }
    if (state === "passed")
      return [{ where, why: "passes on a starter: it does not test what the learner writes" }];
    if (isRightlyRed(errors)) return whatIsUntold(test).map((why) => ({ where, why }));
    return [
      {
        where,
        why: `is red on a starter for the wrong reason\n${errors.map(told).join("\n") || state}`,
      },
    ];
  });
  return [...around, ...judged];
}

/** A step's test that fails has something to say to the learner. */
function whatIsUntold(test: TestCase): readonly string[] {
  const { story, costs = story?.costs } = test.meta();
  if (!story) return ["tells no story: given, when, wanted"];
  return costs === undefined ? ["does not say what it costs in production"] : [];
}

/** A test of the tools that asks for what this machine has not got: another system, a server on its default port. */
function isBeyondThisMachine(test: TestCase): boolean {
  return test.project.name === "tooling" && test.result().state === "skipped";
}

/** Where a server is not to be had, its tests say so, and the run says it once. */
function isMissingServer(error: SerializedError): boolean {
  return error.name === "InfrastructureMissing";
}

function missingServers(module: TestModule): readonly SerializedError[] {
  const errors = testsOf(module).flatMap((test) => test.result().errors ?? []);
  return [...errors, ...errorsAround(module)].filter(isMissingServer);
}

function lacksServer(module: TestModule): boolean {
  return missingServers(module).length > 0;
}

function whatIsMissing(modules: readonly TestModule[]): string {
  const messages = modules.flatMap(missingServers).map(({ message }) => message);
  return [...new Set(messages)].join("\n");
}

function told(error: SerializedError): string {
  const place = error.stacks?.[0];
  const at = place ? `\nat ${place.file}:${place.line}` : "";
  const diff = typeof error.diff === "string" ? `\n${stripVTControlCharacters(error.diff)}` : "";
  const cause = error.cause ? `\ncaused by ${told(error.cause)}` : "";
  return `${error.name ?? "Error"}: ${error.message}${diff}${at}${cause}`;
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
