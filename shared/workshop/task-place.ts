/** Where in the learner's own files a task is to be done: a wrong answer has no stack that leads there. */

import { join } from "node:path";
import { readIfThere } from "./disk.ts";
import { tasksByTitle } from "./hints.ts";
import { startersOf } from "./starter.ts";
import { root as here } from "./steps.ts";

/** `steps/01-aggregate/stay.ts:13, countNights`: the function that the README's task names first. */
export function placeOfTask(stepId: string, task: number, root: string = here): string | undefined {
  const item = tasksByTitle(stepId, root).textOf(task) ?? "";
  const files = filesToWrite(stepId).map((name) => ({
    name,
    text: readIfThere(join(root, "steps", stepId, name))?.toString("utf8") ?? "",
  }));
  for (const [, name = ""] of item.matchAll(/`(\w+)`/g)) {
    const definition = new RegExp(`^(?:export )?(?:async )?(?:function\\*? |const )${name}\\b`);
    for (const file of files) {
      const line = file.text.split("\n").findIndex((text) => definition.test(text));
      if (line !== -1) return `steps/${stepId}/${file.name}:${line + 1}, ${name}`;
    }
  }
  const mentioned = files.find(({ name }) => item.includes(name));
  return mentioned && `steps/${stepId}/${mentioned.name}`;
}

/** The step's files that have something to be written; the others are given. */
export function filesToWrite(stepId: string): readonly string[] {
  return startersOf(stepId)
    .filter(({ text }) => /new NotImplemented\(|^\s*-- TODO/m.test(text))
    .map(({ name }) => name);
}
