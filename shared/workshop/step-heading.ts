/** A step's title and length, from the head of its README: they are written down nowhere else. */

import { join } from "node:path";
import { readIfThere } from "./disk.ts";
import { root as here } from "./steps.ts";

export interface StepHeading {
  /** As the README has it; the folder's name in words where there is none. */
  readonly title: string;
  readonly minutes: number | undefined;
  /** `04 · Two guests, one room` */
  readonly line: string;
}

/** What the first lines of the step's README say. */
export function stepHeading(stepId: string, root: string = here): StepHeading {
  const readme = readIfThere(join(root, "steps", stepId, "README.md"))?.toString("utf8") ?? "";
  const title =
    /^# \d\d · (.+)$/m.exec(readme)?.[1]?.trim() ?? stepId.slice(3).replaceAll("-", " ");
  const minutes = /^\*(\d+) minutes\b/m.exec(readme)?.[1];
  return {
    title,
    minutes: minutes === undefined ? undefined : Number(minutes),
    line: `${stepId.slice(0, 2)} · ${title}`,
  };
}
