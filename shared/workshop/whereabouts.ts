/** Where a failed test leads: a line of the learner's own file, if there is one. */

import { relative, sep } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { SerializedError } from "vitest/node";
import { root, type Step } from "./steps.ts";
import { placeOfTask } from "./task-place.ts";

interface Line {
  readonly file: string;
  readonly line: number;
}

/**
 * The line in the learner's own file that threw; for a wrong answer the function that the task is about,
 * and the line of the test that found it.
 */
export function where(
  step: Step,
  chain: readonly SerializedError[],
  task?: number,
): readonly string[] {
  const inStep = framesOf(step, chain);
  const own = inStep.find(({ file }) => !file.endsWith(".test.ts"));
  if (own) return [`  where   ${placeIn(own)}`];
  const [tested] = inStep;
  const unparsed = chain.flatMap(
    ({ message }) => /\[ (steps\/\S+):\d+ \]/.exec(stripVTControlCharacters(message))?.[1] ?? [],
  )[0];
  if (unparsed !== undefined) return [`  where   ${unparsed}`];
  const place = task === undefined ? undefined : placeOfTask(step.id, task);
  if (!tested) return place === undefined ? [] : [`  where   ${place}`];
  if (place === undefined) return [`  where   ${placeIn(tested)}`];
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
