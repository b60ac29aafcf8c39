/** Runs Vitest in this process over some trees and hands back what every test said. */

import type {
  Reporter,
  SerializedError,
  TestCase,
  TestModule,
  TestSpecification,
} from "vitest/node";
import { createVitest } from "vitest/node";
import type { LawSettings } from "../testing/law.ts";
import type { Stall } from "../testing/stall-thread.ts";
import { openStallFolder } from "./stall-folder.ts";
import { root as here, type Step, steps } from "./steps.ts";
import { asError, errorsOf } from "./thrown.ts";
import type { TreeName } from "./trees.ts";
import { nameOf, type Variant } from "./variant-files.ts";

export interface RunOptions {
  readonly trees: readonly TreeName[];
  /** The step with a mistake in it, or solved in another way. */
  readonly variant?: Variant;
  /** Many of these, each in one process (writeTrial). */
  readonly trials?: readonly Variant[];
  /** Only test files whose paths it accepts. */
  readonly files?: (file: string) => boolean;
  /** Also the tests of the workshop's own tools. */
  readonly tooling?: boolean;
  /** Only this step's tests. */
  readonly step?: Step | undefined;
  readonly reporters: readonly (Reporter | "default")[];
  /** What is asked of the properties. */
  readonly laws?: LawSettings;
}

export interface Run {
  readonly modules: readonly TestModule[];
  /** Errors outside any test: an unhandled rejection, a set-up that failed. */
  readonly errors: readonly SerializedError[];
  /** Loops without an end whose workers were ended. */
  readonly stalls: readonly Stall[];
}

/** Runs the tests; resolves when the servers that the run started are stopped again. */
export async function runVitest({
  trees,
  variant,
  trials = [],
  tooling = false,
  step,
  files = () => true,
  reporters,
  laws = {},
}: RunOptions): Promise<Run> {
  process.env.WORKSHOP_VARIANT = variant ? nameOf(variant) : "";
  process.env.WORKSHOP_TRIALS = "";
  if (tooling) process.env.WORKSHOP_TOOLING = "1";
  const session =
    trials.length > 0
      ? await openTrials(trials, reporters)
      : await openVitest(trees, step, reporters);
  try {
    return await session.run({ laws, files });
  } finally {
    await session.close();
  }
}

/** As openVitest, for trials alone. */
export async function openTrials(
  trials: readonly Variant[],
  reporters: readonly (Reporter | "default")[],
): Promise<VitestSession> {
  process.env.WORKSHOP_TRIALS = trials.map(nameOf).join(",");
  const needing = steps.filter(({ id }) => trials.some((trial) => trial.step === id));
  return openVitest([], undefined, reporters, { needing });
}

export interface VitestSession {
  /** Runs all tests of the session, or those that the options name. */
  run(options?: SessionRun): Promise<Run>;
  /** Ends the run under way, whatever its code is doing; resolves when it has ended. */
  cancel(): Promise<void>;
  /** These files have changed since the last run. */
  invalidate(files: readonly string[]): void;
  close(): Promise<void>;
}

export interface SessionRun {
  /** What is asked of the properties. */
  readonly laws?: LawSettings;
  /** Only test files whose paths it accepts. */
  readonly files?: (file: string) => boolean;
  /** Only tests whose full names begin so; all where it is empty. */
  readonly titles?: readonly string[];
  /** The tests of a file that are run, by the ends of their full names, `describe › it`; all where undefined. */
  readonly named?: (file: string) => readonly string[] | undefined;
  /** A test file that is run alone before all others: someone waits for what it says. */
  readonly first?: { readonly file: string; readonly onEnd: (run: Run) => void } | undefined;
}

/** How long a cancelled run may take to end by itself before its workers are killed, in milliseconds. */
const grace = 150;

interface Surroundings {
  /** Whose servers are started. */
  readonly needing?: readonly Step[];
  /** Where the tests are, and vitest.config. */
  readonly root?: string;
}

/** Vitest, ready to run once or often. A learner's code is watched for loops that never end. */
export async function openVitest(
  trees: readonly TreeName[],
  step: Step | undefined,
  reporters: readonly (Reporter | "default")[],
  { needing = step ? [step] : steps, root = here }: Surroundings = {},
): Promise<VitestSession> {
  process.env.WORKSHOP_TREES = trees.join(",");
  const needed = needing.flatMap(({ needs }) => needs);
  process.env.WORKSHOP_NEEDS = [...new Set(needed)].join(",");
  // Vitest wants its reporters before there is a run to cancel.
  const cancelLater = (): void => void cancel();
  const stalls = trees.includes("learner") ? await openStallFolder() : undefined;
  const vitest = await createVitest("test", {
    root,
    watch: false,
    configLoader: "native",
    passWithNoTests: true,
    reporters: [...reporters, ...(trees.includes("learner") ? [untilOneHangs(cancelLater)] : [])],
  });
  if (stalls) vitest.provide("stalls", stalls.settings);
  await vitest.standalone();
  let running: Promise<unknown> | undefined;
  let isCancelled = false;

  /** The second request kills the workers: a loop without an await hears no first one. */
  async function cancel(): Promise<void> {
    if (!running) return;
    isCancelled = true;
    const end = running.catch(() => {});
    const first = vitest.cancelCurrentRun("keyboard-input").catch(() => {});
    const isOver = await Promise.race([
      end.then(() => true),
      new Promise<false>((resolve) => setTimeout(() => resolve(false), grace)),
    ]);
    if (!isOver) await vitest.cancelCurrentRun("keyboard-input").catch(() => {});
    await Promise.all([first, end]);
  }

  async function runSome(files: TestSpecification[]): Promise<Run> {
    if (files.length === 0) return { modules: [], errors: [], stalls: [] };
    const run = vitest.runTestSpecifications(files, true);
    running = run;
    // One loop tells enough: nobody waits for the same loop in the next file.
    const stopWaiting = stalls?.onFirst(() => void cancel());
    try {
      const { testModules, unhandledErrors } = await run;
      // Vitest hands back those of earlier runs, too.
      const modules = testModules.filter((module) =>
        files.some(
          ({ moduleId, project }) => moduleId === module.moduleId && project === module.project,
        ),
      );
      return { modules, errors: unhandledErrors.map(asError), stalls: stalls?.take() ?? [] };
    } finally {
      running = undefined;
      stopWaiting?.();
    }
  }

  return {
    async run({ laws = {}, files = () => true, titles = [], named, first } = {}) {
      vitest.provide("laws", laws);
      if (titles.length === 0) vitest.resetGlobalTestNamePattern();
      else vitest.setGlobalTestNamePattern(new RegExp(`^(${titles.map(escaped).join("|")})`));
      vitest.clearSpecificationsCache();
      const all = await vitest.globTestSpecifications(step && [`steps/${step.id}/`]);
      const chosen = all
        .filter(({ moduleId }) => files(moduleId))
        .map((file) => narrowed(file, named?.(file.moduleId)));
      const isFirst = ({ moduleId }: TestSpecification): boolean => moduleId === first?.file;
      isCancelled = false;
      const ahead = await runSome(chosen.filter(isFirst));
      if (isCancelled) return ahead;
      if (ahead.modules.length > 0) first?.onEnd(ahead);
      const rest = await runSome(chosen.filter((file) => !isFirst(file)));
      return {
        modules: [...ahead.modules, ...rest.modules],
        errors: [...ahead.errors, ...rest.errors],
        stalls: [...ahead.stalls, ...rest.stalls],
      };
    },
    cancel,
    invalidate(files) {
      for (const file of files) vitest.invalidateFile(file);
    },
    async close() {
      await cancel();
      await vitest.close();
    },
  };
}

/** One test that hangs tells enough: the next ones would hang as long, and nobody waits for that. */
function untilOneHangs(cancel: () => void): Reporter {
  return {
    onTestCaseResult(test) {
      if (errorsOf(test).some(({ message }) => message.startsWith("Test timed out in"))) cancel();
    },
  };
}

function narrowed(file: TestSpecification, names?: readonly string[]): TestSpecification {
  if (names === undefined) return file;
  const ends = names.map((name) => escaped(name.replaceAll(" › ", " ")));
  const testNamePattern = new RegExp(`(^| )(${ends.join("|")})$`);
  return file.project.createSpecification(file.moduleId, { testNamePattern }, file.pool);
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** All tests of a module, and the errors that kept it from having any. */
export function testsOf(module: TestModule): readonly TestCase[] {
  return [...module.children.allTests()];
}

/** `03-event-store` for a module in a step's folder. */
export function stepIdOf(module: TestModule): string | undefined {
  return /[/\\]steps[/\\](\d\d-[^/\\]+)[/\\]/.exec(module.moduleId)?.[1];
}

/** The title of the outermost `describe` around a test: in a step, it is named after the task. */
export function outermostTitle(test: TestCase): string {
  let title = test.name;
  for (let parent = test.parent; parent.type === "suite"; parent = parent.parent)
    title = parent.name;
  return title;
}
