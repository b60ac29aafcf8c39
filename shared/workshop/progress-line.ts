/** How far the learner is, in one line. */

import { solvedSteps } from "./progress-file.ts";
import { steps } from "./steps.ts";

/** `You: 2 of 8 steps solved (01 02). Next: npm test 3` */
export function progressLine(): string {
  const solved = solvedSteps();
  const done = steps.filter(({ id }) => solved.has(id));
  const next = steps.find(({ id }) => !solved.has(id));
  const numbers = done.length === 0 ? "" : ` (${done.map(({ id }) => id.slice(0, 2)).join(" ")})`;
  const goOn = next === undefined ? "All done." : `Next: npm test ${next.number}`;
  return `You: ${done.length} of ${steps.length} steps solved${numbers}. ${goOn}`;
}
