/** Where in the learner's own files a task is to be done: a wrong answer has no stack that leads there. */

import { join } from "node:path";
import { readIfThere } from "./disk.ts";
import { tasksByTitle } from "./hints.ts";
import { startersOf } from "./starter.ts";
import { root as here } from "./steps.ts";

/**
 * `steps/01-aggregate/stay.ts:13, countNights`: the function that the README's task names first. Where a task
 * names tests more than once, `title` is that of the tests, and the functions are those that stand before it.
 */
export function placeOfTask(
  stepId: string,
  task: number,
  title = "",
  root: string = here,
): string | undefined {
  const item = partAbout(title, tasksByTitle(stepId, root).textOf(task) ?? "");
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
    // Which one of several it is, nobody knows; a long list leads nowhere.
    if (beside.length > 3) return `steps/${stepId}/${first.file}`;
    return beside.length > 1
      ? `steps/${stepId}/${first.file}, ${beside.join(" or ")}`
      : `steps/${stepId}/${first.file}:${first.line}, ${first.name}`;
  }
  const mentioned = files.find(({ name }) => item.includes(name));
  return mentioned && `steps/${stepId}/${mentioned.name}`;
}

/** What stands between the tests before and these; the whole item where no function is named there. */
function partAbout(title: string, item: string): string {
  const parts = item.split(/(?<=\*Tests?: [^*]*\*)/);
  const own = parts.find((part) => part.replaceAll(/\s+/g, " ").includes(`"${title}"`)) ?? "";
  return /`\w+`/.test(own) ? own : item;
}

/** The step's files that have something to be written; the others are given. */
export function filesToWrite(stepId: string): readonly string[] {
  return startersOf(stepId)
    .filter(({ text }) => /new NotImplemented\(|^\s*-- TODO/m.test(text))
    .map(({ name }) => name);
}
