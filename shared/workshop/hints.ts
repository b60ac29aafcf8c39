/** The hints of a step, task by task, and which task a failing test belongs to. */

import { join } from "node:path";
import { readIfThere } from "./disk.ts";
import { root as here } from "./steps.ts";

/** One of a task's hints; each says more than the one before. */
export interface Hint {
  /** As `A nudge`. */
  readonly title: string;
  /** Markdown. */
  readonly text: string;
}

export interface Task {
  /** Its number in the README and in hints.md. */
  readonly number: number;
  readonly title: string;
  readonly hints: readonly Hint[];
}

/** The tasks that hints.md has hints for. Throws a RangeError where the file is gone or has none. */
export function tasksOf(stepId: string, root: string = here): readonly Task[] {
  const text = readIfThere(join(root, "steps", stepId, "hints.md"))?.toString("utf8");
  const tasks = parseHints(text ?? "");
  if (tasks.length > 0) return tasks;
  throw new RangeError(
    `steps/${stepId}/hints.md ${text === undefined ? "is not there" : "has no hints in it"}. git restore steps/${stepId}/hints.md brings it back.`,
  );
}

/** Headings `## n. title`, and below each its hints in `<details>`. */
export function parseHints(markdown: string): readonly Task[] {
  const text = markdown.replaceAll("\r\n", "\n");
  return text.split(/^(?=## \d+\. )/m).flatMap((section) => {
    const [, number, title] = /^## (\d+)\. (.+)$/m.exec(section) ?? [];
    if (number === undefined || title === undefined) return [];
    const details = section.matchAll(/<details>\s*<summary>(.*?)<\/summary>([\s\S]*?)<\/details>/g);
    const hints = [...details].map(([, heading = "", body = ""]) => ({
      title: heading.trim(),
      text: body.trim(),
    }));
    return hints.length === 0 ? [] : [{ number: Number(number), title: title.trim(), hints }];
  });
}

/**
 * The task that was asked for, by its number or a part of its title. Throws a RangeError that lists the
 * tasks where there is no such task, or more than one.
 */
export function taskNamed(tasks: readonly Task[], asked: string): Task {
  const word = asked.toLowerCase();
  const found = /^\d+$/.test(asked)
    ? tasks.filter(({ number }) => number === Number(asked))
    : tasks.filter(({ title }) => title.toLowerCase().includes(word));
  const [task] = found;
  if (task && found.length === 1) return task;
  throw new RangeError(
    `${found.length === 0 ? "There is no task" : "More than one task fits"} ${asked}. The tasks are:\n${listOfTasks(tasks)}`,
  );
}

/** One line a task. */
export function listOfTasks(tasks: readonly Task[]): string {
  return tasks.map(({ number, title }) => `  ${number}  ${title}`).join("\n");
}

/** Which task of a step a test belongs to, by the title of its outermost `describe`. */
export interface TasksByTitle {
  /** Undefined for a title that belongs to no task alone, as the laws that need all of them. */
  numberOf(title: string): number | undefined;
  /** Smaller for what the README names earlier; what it does not name comes last. */
  rankOf(title: string): number;
  /** What the task's tests are called in the README; `"a consumer that ..."` stands for all that begin so. */
  titlesOf(task: number): readonly string[];
  /** What the tests are called that the README names, in its order, the laws too. */
  readonly titles: readonly string[];
  /** The number of the last task. */
  readonly last: number;
  /** The task as the README has it. */
  textOf(task: number): string | undefined;
}

/** Reads the README's tasks, which name the tests that tick them. */
export function tasksByTitle(stepId: string, root: string = here): TasksByTitle {
  const readme = readIfThere(join(root, "steps", stepId, "README.md"))?.toString("utf8") ?? "";
  const section = taskSection(readme);
  const tasks = parseTasks(section);
  const inOrder = quotedIn(section);
  return {
    numberOf: (title) =>
      tasks.find(({ titles }) => titles.some((name) => isNamed(title, name)))?.number,
    rankOf: (title) => {
      const place = inOrder.findIndex((name) => isNamed(title, name));
      return place === -1 ? inOrder.length : place;
    },
    titlesOf: (task) => tasks.find(({ number }) => number === task)?.titles ?? [],
    titles: [...section.replaceAll(/\s+/g, " ").matchAll(/\*Tests?: ([^*]*)\*/g)].flatMap(
      ([, named = ""]) => quotedIn(named),
    ),
    last: tasks.at(-1)?.number ?? 0,
    textOf: (task) => tasks.find(({ number }) => number === task)?.text,
  };
}

interface TaskTests {
  readonly number: number;
  readonly titles: readonly string[];
  readonly text: string;
}

function taskSection(readme: string): string {
  const text = readme.replaceAll("\r\n", "\n");
  return /^## Your task\n([\s\S]*?)(?=^## |$(?![\s\S]))/m.exec(text)?.[1] ?? "";
}

/** The numbered items, each with the titles in quotes that stand in it. */
function parseTasks(section: string): readonly TaskTests[] {
  // An item ends where a paragraph begins that is not indented.
  const items = section.split(/^(?=\d+\. )|\n\n(?=\S)/m).filter((text) => /^\d+\. /.test(text));
  return items.map((item) => ({
    number: Number.parseInt(item, 10),
    titles: quotedIn(item),
    text: item,
  }));
}

function quotedIn(text: string): readonly string[] {
  return [...text.replaceAll(/\s+/g, " ").matchAll(/"([^"]+)"/g)].map(([, name = ""]) => name);
}

/** `"a consumer that ..."` stands for all titles that begin so. */
function isNamed(title: string, name: string): boolean {
  const start = /^(.+?) ?\.\.\.$/.exec(name)?.[1];
  return start === undefined ? title === name : title.startsWith(start);
}
