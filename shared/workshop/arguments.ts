/** Which step a command is about: its number in the arguments, or the step's folder in which npm was called. */

import { existsSync, readdirSync, realpathSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { startersOf } from "./starter.ts";
import { root, type Step, stepNumbered, steps } from "./steps.ts";

/**
 * The step that was asked for, or undefined where neither an argument nor the folder names one.
 * Throws a RangeError for a number that no step has, a word that is no number, or a step whose
 * folder is gone.
 */
export function chosenStep(positionals: readonly string[]): Step | undefined {
  const [first] = positionals;
  if (first !== undefined) {
    const number = /^(\d{1,2})(?:-[\w-]*)?$/.exec(first)?.[1];
    if (number === undefined) {
      throw new RangeError(`"${first}" is not a step. Say its number, as in npm test 1.`);
    }
    return presentStep(Number(number));
  }
  const number = /^(?:steps|solutions)[/\\](\d\d)-/.exec(
    relative(realPath(root), realPath(process.env.INIT_CWD ?? root)) + sep,
  )?.[1];
  return number === undefined ? undefined : presentStep(Number(number));
}

/** As chosenStep; throws a RangeError also where no step is named. `command` is for its example. */
export function requiredStep(positionals: readonly string[], command: string): Step {
  const step = chosenStep(positionals);
  if (step) return step;
  throw new RangeError(
    `Which step? Say its number, as in ${command} 1, or call it inside the step's folder.`,
  );
}

/** A copy that a learner made beside a step, as `04-mine`, is not the step, and does not stand in for it. */
function presentStep(number: number): Step {
  const prefix = `${String(number).padStart(2, "0")}-`;
  const id = readdirSync(join(root, "solutions")).find((name) => name.startsWith(prefix));
  const step = steps.find((candidate) => candidate.id === id);
  if (step) return step;
  if (id === undefined || !hasSomethingToWrite(id)) return stepNumbered(number);
  const renamed = steps.find((candidate) => candidate.number === number);
  throw new RangeError(
    renamed
      ? `The folder steps/${id} is not there, but steps/${renamed.id} is. Rename it to ${id}: steps know each other by these names.`
      : `The folder steps/${id} is not there. Was it renamed? Then give it its name again. Was it deleted? git restore steps/${id} brings back what you committed last.`,
  );
}

/** The demo has a reference before it has a step. */
function hasSomethingToWrite(id: string): boolean {
  return startersOf(id).some(({ text }) => text.includes("new NotImplemented("));
}

/** npm names the folder as the shell does, perhaps by way of a link. */
function realPath(path: string): string {
  return existsSync(path) ? realpathSync.native(path) : path;
}
