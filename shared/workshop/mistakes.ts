/**
 * `npm run mistakes N`: the classic wrong solutions of a step. It shows one, asks which tests will
 * catch it, runs them, and tells what the mistake costs in production.
 *
 *   npm run mistakes 4                    those of step 04 that you have not guessed yet
 *   npm run mistakes 4 checks-then-acts   this one
 *   npm run mistakes 4 -- --all           all of them, and what catches each
 *   npm run mistakes -- --check           for those who change the workshop: is each one caught?
 *   npm run mistakes -- --check --times 20   each time, or by luck?
 */

import { parseArgs } from "node:util";
import { mistakesOf } from "../mistakes/catalogue.ts";
import type { Mistake } from "../mistakes/mistake.ts";
import { chosenStep, requiredStep } from "./arguments.ts";
import { runCommand } from "./command.ts";
import { openConversation } from "./conversation.ts";
import { isGuided } from "./guided.ts";
import { checkMistakes } from "./mistake-check.ts";
import { type Conversation, playMistake } from "./mistake-quiz.ts";
import { checkMistakesOften } from "./mistake-rounds.ts";
import { printMistakes } from "./mistake-table.ts";
import { bold, dim } from "./paint.ts";
import { readProgress, rememberGuess, rememberOpened, solvedSteps } from "./progress-file.ts";
import { stepHeading } from "./step-heading.ts";
import { type Step, steps } from "./steps.ts";

const options = ["all", "check"] as const;

await runCommand("npm run mistakes 4, or npm run mistakes 4 -- --all", async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { all: { type: "boolean" }, check: { type: "boolean" }, times: { type: "string" } },
  });
  // Without the two dashes before it npm keeps an option to itself, so a word will do.
  const isAsked = (option: (typeof options)[number]): boolean =>
    values[option] === true || positionals.includes(option);
  const words = positionals.filter((word) => !options.some((option) => option === word));
  const numbers = words.filter((word) => /^\d/.test(word));
  const ids = words.filter((word) => !/^\d/.test(word));
  if (isAsked("check") || isAsked("all")) {
    const step = chosenStep(numbers);
    const chosen = step === undefined ? steps : [step];
    if (step) for (const id of ids) mistakeNamed(step, id);
    if (isAsked("all")) printMistakes(chosen);
    else process.exitCode = (await isCaught(chosen, ids, values.times)) ? 0 : 1;
    return;
  }
  const step = requiredStep(numbers, "npm run mistakes");
  rememberOpened(step.id);
  const conversation = openConversation();
  try {
    await play(step, ids, conversation);
    process.exitCode = 0; // Vitest has set it, for the tests that have caught the mistake are red.
  } finally {
    conversation.close();
  }
});

async function isCaught(
  chosen: readonly Step[],
  ids: readonly string[],
  times: string | undefined,
): Promise<boolean> {
  if (times === undefined) return checkMistakes(chosen, ids);
  if (/^[1-9]\d{0,3}$/.test(times)) return checkMistakesOften(chosen, ids, Number(times));
  throw new RangeError(`"${times}" is no number of times. Say it as in --times 20.`);
}

async function play(step: Step, ids: readonly string[], conversation: Conversation): Promise<void> {
  const named = ids.map((id) => mistakeNamed(step, id));
  const waiting = named.length > 0 ? named : notGuessedYet(step);
  console.log(bold(stepHeading(step.id).line));
  if (!(await isReady(step, conversation))) return;
  for (const [index, mistake] of waiting.entries()) {
    console.log("");
    const isRight = await playMistake(step, mistake, conversation);
    if (isRight !== undefined) rememberGuess(step.id, mistake.id, isRight);
    console.log(`\n${score(step)}`);
    if (index === waiting.length - 1) return;
    const more = await conversation.ask("Enter: the next mistake   q: that is enough  ");
    if (more === undefined || more.trim() !== "") return;
  }
}

/** Throws a RangeError that lists the mistakes where there is none of this name. */
function mistakeNamed(step: Step, id: string): Mistake {
  const found = mistakesOf(step.id).find((mistake) => mistake.id === id);
  if (found) return found;
  const known = mistakesOf(step.id).map((mistake) => mistake.id);
  throw new RangeError(
    `Step ${step.number} has no mistake "${id}". ${known.length === 0 ? "It has none." : `It has ${known.join(", ")}.`}`,
  );
}

/** All of them where there is no new one left. */
function notGuessedYet(step: Step): readonly Mistake[] {
  const all = mistakesOf(step.id);
  if (all.length === 0)
    throw new RangeError(`There are no mistakes to show for step ${step.number}.`);
  const { guesses = {} } = readProgress().steps[step.id] ?? {};
  const left = all.filter(({ id }) => guesses[id] === undefined);
  return left.length > 0 ? left : all;
}

/** A diff to the reference gives a part of it away. */
async function isReady(step: Step, { ask }: Conversation): Promise<boolean> {
  // The guided mode has asked already.
  if (solvedSteps().has(step.id) || isGuided()) return true;
  console.log(
    `You have not solved it yet, and a mistake is shown in the reference's code: a part of the\nsolution.`,
  );
  const answer = await ask("Show it all the same? y / n  ");
  return answer === undefined || /^\s*y/i.test(answer);
}

function score({ id, number }: Step): string {
  const { guesses = {} } = readProgress().steps[id] ?? {};
  const all = mistakesOf(id);
  const made = all.filter((mistake) => guesses[mistake.id] !== undefined);
  const right = made.filter((mistake) => guesses[mistake.id] === true).length;
  const left = all.length - made.length;
  return dim(
    `Step ${number}: ${right} of ${made.length} guessed right${left > 0 ? `, ${left} to go` : ""}.`,
  );
}
