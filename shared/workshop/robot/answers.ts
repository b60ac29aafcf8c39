/** What a learner's files hold on the way: half of the answer, a wrong one, and the reference's. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { mistakesOf } from "../../mistakes/catalogue.ts";
import { type Edit, editsOf, type Mistake } from "../../mistakes/mistake.ts";
import { referenceOf, withoutMarks } from "../reference.ts";
import { makeStarter, type Starter, startersOf } from "../starter.ts";
import { root } from "../steps.ts";
import type { Lesson } from "./lessons.ts";

/** The starters, with the reference's code for the first task. */
export function halfSolved({ id, firstTask }: Lesson): readonly Starter[] {
  return startersOf(id).map((starter) => {
    if (starter.name !== firstTask.file) return starter;
    const path = `solutions/${id}/${starter.name}`;
    const source = readFileSync(join(root, path), "utf8");
    return { name: starter.name, text: makeStarter(path, withSolved(source, firstTask.regions)) };
  });
}

/** The reference, with the lesson's mistake. */
export function wronglySolved(lesson: Lesson): readonly Starter[] {
  const edits = editsOf(mistakeIn(lesson));
  return solved(lesson.id).map(({ name, text }) => {
    const here = edits.filter(({ file }) => file === name);
    return { name, text: here.reduce((edited, edit) => withEdit(edited, edit), text) };
  });
}

/** Throws where the lesson names a mistake that there is not. */
export function mistakeIn({ id, wrong }: Lesson): Mistake {
  const mistake = mistakesOf(id).find((candidate) => candidate.id === wrong);
  if (mistake === undefined) throw new Error(`Step ${id} has no mistake ${wrong}.`);
  return mistake;
}

/** The reference as a learner would have written it. */
export function solved(stepId: string): readonly Starter[] {
  return referenceOf(stepId);
}

/** Of a reference's regions BEGIN to END SOLUTION those that are named are no longer marked. */
export function withSolved(source: string, regions: readonly number[]): string {
  let index = -1;
  return source.replaceAll(
    /^[ \t]*(?:\/\/|--) BEGIN SOLUTION[\s\S]*?^[ \t]*(?:\/\/|--) END SOLUTION.*\n/gm,
    (region) => {
      index += 1;
      return regions.includes(index) ? withoutMarks(region) : region;
    },
  );
}

function withEdit(text: string, { file, find, replace }: Edit): string {
  if (text.split(find).length !== 2) throw new Error(`"${find}" is not once in ${file}.`);
  return text.replace(find, () => replace);
}
