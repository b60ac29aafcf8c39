/** Whether a step's tests caught a mistake: the right ones, and for the right reason. */

import type { SerializedError, TestModule } from "vitest/node";
import type { Mistake } from "../mistakes/mistake.ts";
import { testsOf } from "./run-vitest.ts";
import { errorsAround, errorsOf } from "./thrown.ts";
import { verdictOf } from "./verdict.ts";

/** What the step's tests said to one mistake. */
export interface Trial {
  readonly tests: readonly TriedTest[];
  /** What kept tests from running: a file that did not load, a hook that failed. */
  readonly around: readonly SerializedError[];
}

interface TriedTest {
  /** `describe › it` */
  readonly name: string;
  readonly isGreen: boolean;
  readonly errors: readonly SerializedError[];
}

/** Of a trial, whose outermost `describe`s are the files of tests. */
export function trialOf(modules: readonly TestModule[]): Trial {
  const tests = modules.flatMap(testsOf).map((test) => {
    const [, ...titles] = test.fullName.split(" > ");
    const isGreen = test.result().state === "passed";
    return { name: titles.join(" › "), isGreen, errors: errorsOf(test) };
  });
  return { tests, around: modules.flatMap(errorsAround) };
}

/** Up to so many red tests a mistake names each of them. */
const fewEnoughToName = 10;

/** Whether the code was wrong, and not the surroundings. */
function isCaught(errors: readonly SerializedError[]): boolean {
  const verdict = verdictOf(errors);
  return verdict === "wrong" || verdict === "crashed" || verdict === "hanging";
}

/** Which of the tests that the mistake names have caught it. */
export function catchesOf({ caughtBy }: Mistake, { tests }: Trial): readonly string[] {
  const caught = tests.filter(({ isGreen, errors }) => !isGreen && isCaught(errors));
  return caughtBy.filter((name) => caught.some((test) => test.name === name));
}

/** Why the mistake is not caught as it says, one sentence each; nothing where it is. */
export function faultsOf(mistake: Mistake, { tests, around }: Trial): readonly string[] {
  const [broken] = around;
  if (broken) return [`the tests could not run: ${broken.message}`];
  if (tests.length === 0) return ["no test ran at all"];
  const red = tests.filter(({ isGreen }) => !isGreen);
  const names = new Set(red.map(({ name }) => name));
  if (names.size === 0) return ["no test catches it: write the one that is missing"];
  const misjudged = red.flatMap(({ name, errors }) => {
    return isCaught(errors)
      ? []
      : [`${name} is red as "${verdictOf(errors)}": ${errors[0]?.message ?? ""}`];
  });
  const { caughtBy, perhapsAlso = [] } = mistake;
  const named = new Set(caughtBy);
  const stayedGreen = [...named].filter((name) => !names.has(name));
  const unnamed =
    mistake.amongOthers && names.size > fewEnoughToName
      ? []
      : [...names].filter((name) => !named.has(name) && !perhapsAlso.includes(name));
  return [
    ...misjudged,
    ...stayedGreen.map((name) =>
      tests.some((test) => test.name === name)
        ? `${name} stays green`
        : `${name} is no test of this step`,
    ),
    ...unnamed.map((name) => `${name} goes red, too`),
    ...(stayedGreen.length + unnamed.length > 0
      ? [`caughtBy: ${JSON.stringify([...names], null, 2)},`]
      : []),
  ];
}
