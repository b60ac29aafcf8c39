/** Where a learner's code sent a query before the one before it was answered, told below the verdict. */

import type { TestCase } from "vitest/node";
import { labelled } from "./labelled.ts";
import type { Step } from "./steps.ts";
import { filesToWrite } from "./task-place.ts";

/** None where no test noticed such a query, or where it was not the learner's own code that sent it. */
export function unawaitedLines(step: Step, tests: readonly TestCase[]): readonly string[] {
  const places = tests.flatMap((test) => placeOf(step, test.meta().unawaited ?? ""));
  const [first] = places;
  if (first === undefined) return [];
  return [
    "",
    "AWAIT  a query was sent before the one before it was answered",
    `  where   ${first}`,
    ...labelled("what", "In this line, or where it leads to, an await is missing."),
  ];
}

/** The innermost line of a file that the learner writes. */
function placeOf({ id }: Step, stack: string): readonly string[] {
  const frames = stack.replaceAll("\\", "/").matchAll(/\/(steps\/[^/]+\/([^/]+\.ts):\d+):\d+/g);
  const written = filesToWrite(id);
  for (const [, place = "", name = ""] of frames) {
    if (place.startsWith(`steps/${id}/`) && written.includes(name)) return [place];
  }
  return [];
}
