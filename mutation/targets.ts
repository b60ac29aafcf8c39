/**
 * What is mutated in a step: the files in which the learner writes, with the given functions around them.
 *
 * A mutant stands for a wrong solution, and only there can a learner write one. What a step gives whole
 * (play.ts, the relay's loop, the lab) is judged by the tests of the tools and by the demo. Step 13 puts
 * together what the others have built, so three given files stand for its behaviour as much as its own do.
 */

import { startersOf } from "../shared/workshop/starter.ts";
import type { Service, Step } from "../shared/workshop/steps.ts";

const alsoIn: Readonly<Record<string, readonly string[]>> = {
  "13-cqrs-demo": ["answers.ts", "cursors.ts", "live.ts"],
};

/** The files of the step's reference that are mutated, relative to its folder. */
export function mutatedFiles(stepId: string): readonly string[] {
  const written = startersOf(stepId).filter(
    ({ name, text }) => name.endsWith(".ts") && text.includes("new NotImplemented("),
  );
  return [...written.map(({ name }) => name), ...(alsoIn[stepId] ?? [])];
}

const alsoNeeded: Readonly<Record<string, readonly Service[]>> = {
  "11-versioning": ["postgres"],
};

/** The servers that the tests talk to: those of what the step gives (`shared/given/`) may ask for more than its own. */
export function serversFor({ id, needs }: Step): readonly Service[] {
  return [...needs, ...(alsoNeeded[id] ?? [])];
}
