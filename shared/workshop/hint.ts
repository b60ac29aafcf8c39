/**
 * `npm run hint N [task]`: one hint more each time, and it remembers. Without a task it takes the one
 * whose test the last run explained.
 */

import { parseArgs } from "node:util";
import { requiredStep } from "./arguments.ts";
import { runCommand } from "./command.ts";
import { isGuided } from "./guided.ts";
import { type Hint, listOfTasks, type Task, taskNamed, tasksByTitle, tasksOf } from "./hints.ts";
import { bold, dim } from "./paint.ts";
import { readProgress, rememberHint, rememberOpened, solvedSteps } from "./progress-file.ts";
import { stepHeading } from "./step-heading.ts";
import type { Step } from "./steps.ts";
import { renderMarkdown } from "./terminal-markdown.ts";

const width = Math.min(80, process.stdout.columns ?? 80) - 2;

await runCommand("npm run hint 4, or npm run hint 4 2 for its task 2", () => {
  const { positionals } = parseArgs({ allowPositionals: true });
  // A number is the step, wherever it is called; a word alone names a task of the step whose folder this is.
  const namesStep = /^\d/.test(positionals[0] ?? "");
  const step = requiredStep(namesStep ? positionals.slice(0, 1) : [], "npm run hint");
  const asked = positionals.slice(namesStep ? 1 : 0).join(" ");
  const tasks = tasksOf(step.id);
  rememberOpened(step.id);
  const task = asked === "" ? taskOfLastRun(step, tasks) : taskNamed(tasks, asked);
  if (task) showNext(step, task);
});

/** Undefined, with the tasks shown, where the last run does not point to one. */
function taskOfLastRun(step: Step, tasks: readonly Task[]): Task | undefined {
  const { failing } = readProgress().steps[step.id] ?? {};
  if (failing === undefined && !solvedSteps().has(step.id)) {
    console.log(
      dim(`No failing test is known yet (npm test ${step.number}), so the first task.\n`),
    );
    return tasks[0];
  }
  const { numberOf } = tasksByTitle(step.id);
  const number = failing?.[0] === undefined ? undefined : numberOf(failing[0]);
  const task = tasks.find((candidate) => candidate.number === number);
  if (task) return task;
  console.log(
    failing === undefined
      ? `All tests of step ${step.number} are green. Which task is it about?`
      : `What is red, "${failing[0]}", belongs to no task alone. Which one is it about?`,
  );
  console.log(`${listOfTasks(tasks)}\n\nnpm run hint ${step.number} ${tasks[0]?.number}`);
  return undefined;
}

function showNext(step: Step, { number, title, hints }: Task): void {
  const shown = readProgress().steps[step.id]?.hints?.[number] ?? 0;
  const next = hints[shown];
  console.log(bold(stepHeading(step.id).line));
  console.log(`Task ${number}: ${title}`);
  if (next) {
    print(next, shown, hints.length);
    rememberHint(step.id, number, shown + 1);
  } else for (const [index, hint] of hints.entries()) print(hint, index, hints.length);
  const left = hints.length - shown - 1;
  const again = isGuided() ? "h" : `npm run hint ${step.number} ${number}`;
  if (left > 0) console.log(`\nNot enough? ${again} says more.`);
  else {
    console.log(`\n${next ? "This was the last hint of this task." : "There are no more hints."}`);
    console.log(
      `How the reference does it: ${isGuided() ? "s" : `npm run solution ${step.number}`}`,
    );
  }
}

function print({ title, text }: Hint, index: number, count: number): void {
  console.log(`\n${bold(title)} ${dim(`(${index + 1} of ${count})`)}\n`);
  for (const line of renderMarkdown(text, width)) console.log(line === "" ? "" : `  ${line}`);
}
