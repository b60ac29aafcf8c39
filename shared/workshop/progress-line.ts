/** How far the learner is, in one line. */

import { readProgress } from "./progress-file.ts";
import { nextStep, overviewOf } from "./progress-overview.ts";
import { ProgressUnusable } from "./progress-storage.ts";

/** `You: 2 of 8 steps solved (01 02). Next: npm test 3`, or why that is not known; `goOn` instead of its end. */
export function progressLine(goOn?: string): string {
  try {
    const steps = overviewOf(readProgress());
    const done = steps.filter(({ state }) => state === "solved");
    const next = nextStep(steps);
    const numbers = done.length === 0 ? "" : ` (${done.map(({ id }) => id.slice(0, 2)).join(" ")})`;
    const end = goOn ?? (next === undefined ? "All done." : `Next: npm test ${next.number}`);
    return `You: ${done.length} of ${steps.length} steps solved${numbers}. ${end}`;
  } catch (error) {
    if (error instanceof ProgressUnusable) return error.message;
    throw error;
  }
}
