/** Which step a command is about: its number in the arguments, or the step's folder in which npm was called. */

import { relative, sep } from "node:path";
import { root, type Step, stepNumbered } from "./steps.ts";

/**
 * The step that was asked for, or undefined where neither an argument nor the folder names one.
 * Throws a RangeError for a number that no step has, or a word that is no number.
 */
export function chosenStep(positionals: readonly string[]): Step | undefined {
  const [first] = positionals;
  if (first !== undefined) {
    if (!/^\d{1,2}$/.test(first)) throw new RangeError(`"${first}" is not the number of a step.`);
    return stepNumbered(Number(first));
  }
  const number = /^(?:steps|solutions)[/\\](\d\d)-/.exec(
    relative(root, process.env.INIT_CWD ?? root) + sep,
  )?.[1];
  return number === undefined ? undefined : stepNumbered(Number(number));
}
