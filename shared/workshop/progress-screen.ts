/** The learner's progress on the terminal, as wide as it is, up to 80 columns. */

import { readProgress } from "./progress-file.ts";
import { nextStep, overviewOf } from "./progress-overview.ts";
import { drawProgress } from "./progress-picture.ts";

/** Throws ProgressUnusable for a file that a newer workshop wrote. */
export function progressScreen(): readonly string[] {
  const steps = overviewOf(readProgress());
  const columns = Math.min(process.stdout.columns ?? 80, 80);
  return drawProgress(steps, nextStep(steps), columns, new Date());
}
