/** Where the learner is in each step, and which step is next. */

import { isSolved } from "./progress-file.ts";
import type { Progress } from "./progress-storage.ts";
import { stepHeading } from "./step-heading.ts";
import { steps as allSteps, root as here, type Step } from "./steps.ts";

/** One step as `npm run progress -- --json` prints it. */
export interface StepOverview {
  readonly number: number;
  readonly id: string;
  readonly title: string;
  readonly minutes: number | null;
  /** `changed`: green once, and changed or red since. */
  readonly state: "solved" | "changed" | "begun" | "new";
  /** ISO instants; `solved` is when it was first green. */
  readonly opened: string | null;
  readonly tested: string | null;
  readonly solved: string | null;
  /** Spent on it until it was first green; null where a workshop that did not count wrote the file. */
  readonly seconds: number | null;
  /** Task number to how many of its hints were shown. */
  readonly hints: Readonly<Record<string, number>>;
  readonly hintsUsed: number;
}

/** All steps of this workshop, with what is known of each. */
export function overviewOf(
  progress: Progress,
  steps: readonly Step[] = allSteps,
  root: string = here,
): readonly StepOverview[] {
  return steps.map(({ number, id }) => {
    const { title, minutes = null } = stepHeading(id, root);
    const known = progress.steps[id];
    const { opened = null, tested = null, solved = null, hints = {} } = known ?? {};
    const { seconds = null } = known ?? {};
    const hintsUsed = Object.values(hints).reduce((sum, shown) => sum + shown, 0);
    const wasGreen = solved !== null || known?.fingerprint !== undefined;
    const unsolved = wasGreen ? "changed" : opened === null ? "new" : "begun";
    const state = isSolved(id, known, root) ? "solved" : unsolved;
    return { number, id, title, minutes, state, opened, tested, solved, seconds, hints, hintsUsed };
  });
}

/**
 * The step to go on with: of those begun the one that was tested last, unless another has been solved
 * since; else the first unsolved one behind the step that was solved last, for whoever jumped in there;
 * else the first unsolved one.
 */
export function nextStep(steps: readonly StepOverview[]): StepOverview | undefined {
  const unsolved = steps.filter(({ state }) => state !== "solved");
  const begun = latest(
    unsolved.filter(({ state, tested }) => state === "begun" && tested !== null),
    "tested",
  );
  const solvedLast = latest(
    steps.filter(({ state }) => state === "solved"),
    "solved",
  );
  const behind = unsolved.find(({ number }) => number > (solvedLast?.number ?? 0));
  // Who has looked ahead and come back goes on from where they are.
  const wasLeft = (begun?.tested ?? "") < (solvedLast?.solved ?? "");
  return (wasLeft ? (behind ?? begun) : (begun ?? behind)) ?? unsolved[0];
}

function latest(
  steps: readonly StepOverview[],
  field: "tested" | "solved",
): StepOverview | undefined {
  return steps.reduce<StepOverview | undefined>(
    (best, step) => ((step[field] ?? "") >= (best?.[field] ?? "") ? step : best),
    undefined,
  );
}
