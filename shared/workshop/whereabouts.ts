/** Where a failed test leads: a line of the learner's own file, if there is one. */

import { relative, sep } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { SerializedError } from "vitest/node";
import { root, type Step } from "./steps.ts";
import { filesToWrite, placeOfTask } from "./task-place.ts";

interface Line {
  readonly file: string;
  readonly line: number;
}

/**
 * The line that threw, in a file that the learner writes if it came through one, and the line that called
 * it; for a wrong answer the function that the task is about, and the line of the test that found it.
 */
export function where(
  step: Step,
  chain: readonly SerializedError[],
  task?: { readonly number: number; readonly title: string },
): readonly string[] {
  const inStep = framesOf(step, chain);
  const own = inStep.filter(({ file }) => !file.endsWith(".test.ts"));
  const written = filesToWrite(step.id);
  const isWritten = ({ file }: Line): boolean => written.some((name) => file.endsWith(`/${name}`));
  const [first] = [...own.filter(isWritten), ...own];
  if (first) {
    const caller = own.slice(own.indexOf(first) + 1).find(isWritten);
    return [
      `  where   ${placeIn(first)}`,
      ...(caller ? [`          called in ${placeIn(caller)}`] : []),
    ];
  }
  const [tested] = inStep;
  const unparsed = chain.flatMap(
    ({ message }) => /\[ (steps\/\S+):\d+ \]/.exec(stripVTControlCharacters(message))?.[1] ?? [],
  )[0];
  if (unparsed !== undefined) return [`  where   ${unparsed}`];
  const place = task && placeOfTask(step.id, task.number, task.title);
  if (!tested) return place === undefined ? [] : [`  where   ${place}`];
  if (place === undefined) return [`  test    ${placeIn(tested)}`];
  return [`  where   ${place}`, `  test    ${placeIn(tested)}`];
}

/** The lines of the step's folder that the error came through, innermost first. */
export function framesOf(step: Step, chain: readonly SerializedError[]): readonly Line[] {
  const frames = chain.flatMap((error) => error.stacks ?? []);
  return frames.filter(({ file }) => file.includes(`/${step.id}/`));
}

/** `steps/01-aggregate/stay.ts:13` */
export function placeIn({ file, line }: Line): string {
  return `${relative(root, file).split(sep).join("/")}:${line}`;
}
