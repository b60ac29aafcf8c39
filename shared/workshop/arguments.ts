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
    const number = /^(\d{1,2})(?:-[\w-]*)?$/.exec(first)?.[1];
    if (number === undefined) {
      throw new RangeError(`"${first}" is not a step. Say its number, as in npm test 1.`);
    }
    return stepNumbered(Number(number));
  }
  const number = /^(?:steps|solutions)[/\\](\d\d)-/.exec(
    relative(root, process.env.INIT_CWD ?? root) + sep,
  )?.[1];
  return number === undefined ? undefined : stepNumbered(Number(number));
}
