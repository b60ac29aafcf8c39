/** The reference as a learner would have written it: without the marks from which the starter is made. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Starter } from "./starter.ts";
import { root } from "./steps.ts";

/** The reference's files of one step, named as in the step's folder. */
export function referenceOf(stepId: string): readonly Starter[] {
  const folder = join(root, "solutions", stepId);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /\.(ts|sql|json|graphql)$/.test(name))
    .sort()
    .map((name) => ({ name, text: withoutMarks(readFileSync(join(folder, name), "utf8")) }));
}

/** Drops the lines BEGIN SOLUTION and END SOLUTION, and the instruction that follows the first. */
export function withoutMarks(text: string): string {
  let readingInstruction = false;
  const kept = text.split("\n").filter((line) => {
    const [, mark] = /^\s*(?:\/\/|--) (BEGIN|END) SOLUTION\b/.exec(line) ?? [];
    if (mark !== undefined) {
      readingInstruction = mark === "BEGIN";
      return false;
    }
    readingInstruction &&= /^\s*(?:\/\/|--) /.test(line);
    return !readingInstruction;
  });
  return kept.join("\n");
}
