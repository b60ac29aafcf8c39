/** Runs Vitest in this process over some trees and hands back what every test said. */

import type { Reporter, SerializedError, TestCase, TestModule } from "vitest/node";
import { startVitest } from "vitest/node";
import { root, type Step, steps } from "./steps.ts";
import type { TreeName } from "./trees.ts";

export interface RunOptions {
  readonly trees: readonly TreeName[];
  /** Also the tests of the workshop's own tools. */
  readonly tooling?: boolean;
  /** Only this step's tests. */
  readonly step?: Step | undefined;
  readonly reporters: readonly (Reporter | "default")[];
}

export interface Run {
  readonly modules: readonly TestModule[];
  /** Errors outside any test: an unhandled rejection, a set-up that failed. */
  readonly errors: readonly SerializedError[];
}

/** Runs the tests; resolves when the servers that the run started are stopped again. */
export async function runVitest({
  trees,
  tooling = false,
  step,
  reporters,
}: RunOptions): Promise<Run> {
  process.env.WORKSHOP_TREES = trees.join(",");
  if (tooling) process.env.WORKSHOP_TOOLING = "1";
  const needed = step === undefined ? steps.flatMap(({ needs }) => needs) : step.needs;
  process.env.WORKSHOP_NEEDS ??= [...new Set(needed)].join(",");
  let run: Run = { modules: [], errors: [] };
  const collector: Reporter = {
    onTestRunEnd(modules, errors) {
      run = { modules, errors };
    },
  };
  const filters = step === undefined ? [] : [`steps/${step.id}/`];
  const vitest = await startVitest("test", filters, {
    root,
    watch: false,
    passWithNoTests: true,
    reporters: [...reporters, collector],
  });
  await vitest?.close();
  return run;
}

/** All tests of a module, and the errors that kept it from having any. */
export function testsOf(module: TestModule): readonly TestCase[] {
  return [...module.children.allTests()];
}

/** What went wrong around the tests of a module: it did not load, or a hook failed. */
export function errorsAround(module: TestModule): readonly SerializedError[] {
  return [module, ...module.children.allSuites()].flatMap((suite) => suite.errors());
}

/** `03-event-store` for a module in a step's folder. */
export function stepIdOf(module: TestModule): string | undefined {
  return /[/\\]steps[/\\](\d\d-[^/\\]+)[/\\]/.exec(module.moduleId)?.[1];
}
