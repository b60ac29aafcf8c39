/** What the learner has done, step by step: a step counts as solved while its files are as they were when its tests were green. */

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  changeStep,
  loadProgress,
  type Progress,
  ProgressUnusable,
  type StepProgress,
} from "./progress-storage.ts";
import { root as here } from "./steps.ts";

/** All that is known. Throws ProgressUnusable for a file that a newer workshop wrote. */
export function readProgress(root: string = here): Progress {
  return loadProgress(root, console.error);
}

/** The ids of the steps whose code is as it was when it was last green; none where the file cannot be used. */
export function solvedSteps(root: string = here): ReadonlySet<string> {
  try {
    const { steps } = readProgress(root);
    const ids = Object.keys(steps).filter((id) => isSolved(id, steps[id], root));
    return new Set(ids);
  } catch (error) {
    if (error instanceof ProgressUnusable) return new Set();
    throw error;
  }
}

/** Whether a step's files are as they were when its tests were green. */
export function isSolved(
  stepId: string,
  progress: StepProgress | undefined,
  root: string = here,
): boolean {
  return progress?.fingerprint !== undefined && progress.fingerprint === fingerprint(stepId, root);
}

/** Remembers a run of the step's tests: all green now, or no longer. */
export function markSolved(stepId: string, green: boolean, root: string = here): void {
  const now = new Date().toISOString();
  remember(root, stepId, ({ fingerprint: _, failing, ...step }) => {
    const run = { ...step, opened: step.opened ?? now, tested: step.tested ?? now };
    if (!green) return failing === undefined ? run : { ...run, failing };
    const print = fingerprint(stepId, root);
    const solved = { ...run, solved: step.solved ?? now };
    return print === undefined ? solved : { ...solved, fingerprint: print };
  });
}

/**
 * Remembers which tests of a red run failed, by the outermost title, the one that was explained to the
 * learner first: `npm run hint` begins with its task. A green run forgets them.
 */
export function rememberFailures(
  stepId: string,
  titles: readonly string[],
  root: string = here,
): void {
  remember(root, stepId, (step) => ({ ...step, failing: [...new Set(titles)] }));
}

/** Remembers that the learner has turned to this step, for the first time or again. */
export function rememberOpened(stepId: string, root: string = here): void {
  const now = new Date().toISOString();
  remember(root, stepId, (step) => ({ ...step, opened: step.opened ?? now }));
}

/** Remembers that hints of a task were shown, up to this level. */
export function rememberHint(
  stepId: string,
  task: number,
  level: number,
  root: string = here,
): void {
  remember(root, stepId, (step) => {
    const shown = Math.max(level, step.hints?.[task] ?? 0);
    return { ...step, hints: { ...step.hints, [task]: shown } };
  });
}

/** Remembers whether the first guess at what catches a mistake was right. Later ones do not count. */
export function rememberGuess(
  stepId: string,
  mistakeId: string,
  isRight: boolean,
  root: string = here,
): void {
  remember(root, stepId, (step) => ({
    ...step,
    guesses: { [mistakeId]: isRight, ...step.guesses },
  }));
}

/** A file that cannot be used stops no command: the learner is told, once, and goes on. */
function remember(
  root: string,
  stepId: string,
  change: (step: StepProgress) => StepProgress,
): void {
  try {
    const now = new Date();
    changeStep(root, stepId, (step, all) => change(timed(step, all, now)), console.error);
  } catch (error) {
    if (!(error instanceof ProgressUnusable)) throw error;
    if (!told.has(error.message)) console.error(error.message);
    told.add(error.message);
  }
}

const told = new Set<string>();

/** A longer time without a command is a pause, in seconds. */
const longestThought = 30 * 60;

/** The step with the time since its last command, if that was spent on it. What is solved takes no more time. */
function timed(step: StepProgress, all: Progress["steps"], now: Date): StepProgress {
  if (step.solved !== undefined) return step;
  const { seen, seconds = 0 } = step;
  const wasElsewhere = Object.values(all).some((other) => (other.seen ?? "") > (seen ?? ""));
  const since = seen === undefined ? 0 : Math.round((now.getTime() - Date.parse(seen)) / 1000);
  const counts = !wasElsewhere && since > 0 && since <= longestThought;
  return { ...step, seen: now.toISOString(), seconds: seconds + (counts ? since : 0) };
}

/** Undefined where the step has no folder. Line endings do not count: git may change them on the way to another system. */
function fingerprint(stepId: string, root: string): string | undefined {
  const folder = join(root, "steps", stepId);
  if (!/^\d\d-[\w-]+$/.test(stepId) || !existsSync(folder)) return undefined;
  const hash = createHash("sha256");
  for (const name of readdirSync(folder).sort()) {
    if (!/\.(ts|sql)$/.test(name) || name.endsWith(".test.ts")) continue;
    hash.update(name).update(readFileSync(join(folder, name), "utf8").replaceAll("\r\n", "\n"));
  }
  return hash.digest("hex");
}
