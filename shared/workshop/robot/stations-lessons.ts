/** A step as it is taken: untouched, half solved, wrong, solved; and what is said, remembered and named next. */

import { type Step, steps } from "../steps.ts";
import { halfSolved, mistakeIn, solved, wronglySolved } from "./answers.ts";
import { expectSaid, expectThat, inOneLine } from "./fault.ts";
import { isThere, type Learner, progressOf, read, save } from "./learner.ts";
import { type Lesson, lessons } from "./lessons.ts";
import type { Station } from "./station.ts";
import type { Said } from "./terminal.ts";

/** The four states of these steps; `own` are those that the learner has solved before the first. */
export function walkThrough(numbers: readonly number[]): readonly Station[] {
  return numbers.flatMap((number, index) => {
    const lesson = lessonOf(number);
    const before = numbers.slice(0, index);
    return [
      { name: `${lesson.id}: untouched`, visit: (learner) => untouched(learner, lesson, before) },
      { name: `${lesson.id}: half solved`, visit: (learner) => half(learner, lesson) },
      { name: `${lesson.id}: wrong`, visit: (learner) => wrong(learner, lesson) },
      { name: `${lesson.id}: solved`, visit: (learner) => green(learner, lesson) },
    ] satisfies readonly Station[];
  });
}

async function untouched(
  learner: Learner,
  lesson: Lesson,
  solvedBefore: readonly number[],
): Promise<void> {
  const { number, id } = stepOf(lesson);
  const { kind, test, file } = lesson.red;
  const said = await learner.types("npm test", `steps/${id}`);
  expectSaid(said, {
    code: 1,
    says: [whoseLine(id, solvedBefore), `${kind} ${test} › `, `npm run hint ${number}`],
    not: ["CRASHED", "INFRASTRUCTURE", "TOO SLOW OR HANGING"],
  });
  expectWhere(said, learner, id, file, kind === "NOT WRITTEN YET" ? unwritten : /\S/);
  expectRed(learner, lesson, test, said);

  const hint = await learner.types(`npm run hint ${number}`);
  expectSaid(hint, { code: 0, says: ["Task 1: ", "(1 of 3)"] });
  expectThat(progressOf(learner, id).hints?.["1"] === 1, "one hint of task 1 is remembered", hint);

  expectSaid(await learner.types(`npm run play ${number}`), {
    code: 1,
    says: ["is not written yet. The play runs on your code"],
  });
}

async function half(learner: Learner, lesson: Lesson): Promise<void> {
  const { number, id } = stepOf(lesson);
  const { tests, next } = lesson.firstTask;
  save(learner, id, halfSolved(lesson));
  const said = await learner.types(`npm test ${number}`);
  expectSaid(said, {
    code: 1,
    says: [ticked(tests), `NOT WRITTEN YET ${next.test} › `, `npm run hint ${number}`],
    not: ["CRASHED", "WRONG", "INFRASTRUCTURE", "TOO SLOW OR HANGING"],
  });
  expectWhere(said, learner, id, next.file, unwritten);
  expectRed(learner, lesson, next.test, said);

  const hint = await learner.types("npm run hint", `steps/${id}`);
  expectSaid(hint, { code: 0, says: [`Task ${next.task}: `, "(1 of 3)"] });
  const { hints = {} } = progressOf(learner, id);
  expectThat(hints["1"] === 1 && hints[next.task] === 1, "hints are counted by task", hint);
}

async function wrong(learner: Learner, lesson: Lesson): Promise<void> {
  const { number, id } = stepOf(lesson);
  save(learner, id, wronglySolved(lesson));
  const said = await learner.types(`npm test ${number}`);
  expectSaid(said, {
    code: 1,
    says: [`npm run hint ${number}`],
    not: ["CRASHED", "NOT WRITTEN YET", "INFRASTRUCTURE", "TOO SLOW OR HANGING"],
  });
  const text = inOneLine(said.output);
  const { caughtBy } = mistakeIn(lesson);
  const seenBy = caughtBy.find((test) => text.includes(`WRONG ${test}`));
  expectThat(seenBy !== undefined, `WRONG ${caughtBy.join(", or ")}`, said);
  expectWhere(said, learner, id, undefined, /\S/);
  expectRed(learner, lesson, seenBy.split(" › ")[0] ?? seenBy, said);
}

async function green(learner: Learner, lesson: Lesson): Promise<void> {
  const { number, id } = stepOf(lesson);
  save(learner, id, solved(id));
  const next = steps.find((step) => step.number > number);
  const goOn = next ? `Next: npm test ${next.number}` : "That was the last step.";
  const said = await learner.types(`npm test ${number}`);
  expectSaid(said, {
    code: 0,
    says: [`Step ${id} is green`, "read the debrief", goOn],
    not: ["WRONG", "NOT WRITTEN YET", "✘"],
  });
  const { solved: when, fingerprint, failing } = progressOf(learner, id);
  const isRemembered = when !== undefined && fingerprint !== undefined && failing === undefined;
  expectThat(isRemembered, "the progress file says that it is solved", said);

  const play = await learner.types(`npm run play ${number}`);
  expectSaid(play, { code: 0, not: ["is not written yet"] });
  expectThat(play.output.trim().split("\n").length > 8, "the play shows something", play);
}

/** What a line that is named holds, where something is not written yet: the function's head, or its throw. */
const unwritten = /\bfunction\b|new NotImplemented\(/;

/** The place that is named: a file of the step, and where a line is named, one that holds this. */
function expectWhere(
  said: Said,
  learner: Learner,
  id: string,
  file: string | undefined,
  line: RegExp,
): void {
  const [, path = "", at] = /^\s*where\s+([^\s:,]+)(?::(\d+))?/m.exec(said.output) ?? [];
  const wanted = `steps/${id}/${file ?? ""}`;
  expectThat(path.startsWith(wanted) && isThere(learner, path), `"where" names ${wanted}`, said);
  if (at === undefined) return;
  const text = read(learner, path).split("\n")[Number(at) - 1] ?? "";
  expectThat(line.test(text), `line ${at} of ${path} holds ${line}`, said);
}

/** The progress file after a red run: this test was explained, and nothing says green. */
function expectRed(learner: Learner, { id }: Lesson, test: string, said: Said): void {
  const { tested, solved: when, fingerprint, failing = [] } = progressOf(learner, id);
  expectThat(tested !== undefined && when === undefined, "the run is remembered as red", said);
  expectThat(fingerprint === undefined, "no fingerprint of a green run is kept", said);
  expectThat(failing[0] === test, `"${test}" is the first of the failing, not ${failing[0]}`, said);
}

/** The group's line in the table, with the number of its task. */
function ticked(title: string): RegExp {
  return new RegExp(`✔ (\\d+ )?${title} `);
}

function whoseLine(id: string, solvedBefore: readonly number[]): string {
  const own = [...solvedBefore, Number(id.slice(0, 2))];
  const listed = (numbers: readonly number[]): string =>
    numbers.map((number) => String(number).padStart(2, "0")).join(" ");
  const others = steps
    .map(({ number }) => number)
    .filter((number) => number < Number(id.slice(0, 2)) && !own.includes(number));
  return `yours: ${listed(own)}${others.length > 0 ? ` · reference: ${listed(others)}` : ""}`;
}

function lessonOf(number: number): Lesson {
  const id = steps.find((step) => step.number === number)?.id;
  const lesson = lessons.find((candidate) => candidate.id === id);
  if (lesson === undefined) throw new Error(`The robot has no lesson for step ${number}.`);
  return lesson;
}

function stepOf({ id }: Lesson): Step {
  const step = steps.find((candidate) => candidate.id === id);
  if (step === undefined) throw new Error(`There is no step ${id}.`);
  return step;
}
