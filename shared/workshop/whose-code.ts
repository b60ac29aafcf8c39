/** The line that says whose code each step is in a learner's run. */

import { type Step, steps } from "./steps.ts";

/** `04-concurrency · yours: 01 02 04 · reference: 03` */
export function whoseCode(step: Step, solved: ReadonlySet<string>): string {
  const upTo = steps.filter((candidate) => candidate.number <= step.number);
  const isYours = ({ id }: Step): boolean => id === step.id || solved.has(id);
  const listed = (chosen: readonly Step[]): string =>
    chosen.map(({ id }) => id.slice(0, 2)).join(" ");
  const yours = upTo.filter(isYours);
  const reference = upTo.filter((candidate) => !isYours(candidate));
  const parts = [step.id, `yours: ${listed(yours)}`];
  if (reference.length > 0) parts.push(`reference: ${listed(reference)}`);
  return parts.join(" · ");
}
