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
  const names = new Set([...item.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name));
  const places = [...names].flatMap((name) => {
    const definition = new RegExp(`^(?:export )?(?:async )?(?:function\\*? |const )${name}\\b`);
    return files.flatMap((file) => {
      const line = file.text.split("\n").findIndex((text) => definition.test(text));
      return line === -1 ? [] : [{ file: file.name, line: line + 1, name }];
    });
  });
  const [first] = places;
  if (first) {
    const beside = places.filter(({ file }) => file === first.file).map(({ name }) => name);
    // Which one of several it is, nobody knows.
    return beside.length > 1
      ? `steps/${stepId}/${first.file}, ${beside.join(" or ")}`
      : `steps/${stepId}/${first.file}:${first.line}, ${first.name}`;
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
