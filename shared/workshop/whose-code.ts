/** The lines that say whose code each step is in a learner's run. */

import { isSolved, readProgress } from "./progress-file.ts";
import { type Progress, ProgressUnusable } from "./progress-storage.ts";
import { type Step, steps } from "./steps.ts";

/**
 * `04-concurrency · yours: 01 02 04 · reference: 03`, and a line for what was the learner's once: a step
 * that has changed since it was green.
 */
export function whoseCode(step: Step): readonly string[] {
  const { steps: progress } = readIfUsable();
  const upTo = steps.filter((candidate) => candidate.number <= step.number);
  const isYours = ({ id }: Step): boolean => id === step.id || isSolved(id, progress[id]);
  const listed = (chosen: readonly Step[]): string =>
    chosen.map(({ id }) => id.slice(0, 2)).join(" ");
  const yours = upTo.filter(isYours);
  const reference = upTo.filter((candidate) => !isYours(candidate));
  const parts = [step.id, `yours: ${listed(yours)}`];
  if (reference.length > 0) parts.push(`reference: ${listed(reference)}`);
  const changed = reference.filter(({ id }) => progress[id]?.solved !== undefined);
  return [
    parts.join(" · "),
    ...(changed.length === 0
      ? []
      : [
          `Changed since it was green, so the reference stands in: ${listed(changed)}. Test it: npm test ${changed[0]?.number}`,
        ]),
  ];
}

function readIfUsable(): Pick<Progress, "steps"> {
  try {
    return readProgress();
  } catch (error) {
    if (error instanceof ProgressUnusable) return { steps: {} };
    throw error;
  }
}
