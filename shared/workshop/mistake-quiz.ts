/** One mistake as a question: the diff, a guess which tests will catch it, their answer, the cost. */

import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { mistakesOf } from "../mistakes/catalogue.ts";
import type { Mistake } from "../mistakes/mistake.ts";
import { difference } from "./difference.ts";
import { listener } from "./listener.ts";
import { mistakenFiles, writeMistake } from "./mistake-files.ts";
import { bold, dim } from "./paint.ts";
import { runVitest } from "./run-vitest.ts";
import { reportOf } from "./step-report.ts";
import { root, type Step } from "./steps.ts";

export interface Conversation {
  print(line: string): void;
  /** What was typed, without its end of line; undefined where there is nobody to ask. */
  ask(question: string): Promise<string | undefined>;
}

/** Whether the guess was right; undefined where none was made. `tried` is what the tests say to it. */
export async function playMistake(
  step: Step,
  mistake: Mistake,
  conversation: Conversation,
  tried: (step: Step, mistake: Mistake) => Promise<readonly string[]> = reportOn,
): Promise<boolean | undefined> {
  const { print } = conversation;
  const all = mistakesOf(step.id);
  print(bold(`Mistake ${all.indexOf(mistake) + 1} of ${all.length}: ${mistake.id}`));
  for (const line of wrapped(`The code ${mistake.title}.`)) print(line);
  print("\nFrom the reference (-) to the mistake (+).");
  for (const { name, before, after } of mistakenFiles(step.id, mistake)) {
    print(`\n${bold(name)}`);
    for (const line of difference(before, after)) print(line);
  }
  print("\nWhich tests will catch it?");
  const groups = testGroups(step);
  for (const [index, title] of groups.entries()) {
    print(`  ${String(index + 1).padStart(2)}  ${title}`);
  }
  const guess = await guessOf(groups, conversation);
  print(dim("\nThe tests run on the mistake ..."));
  print((await tried(step, mistake)).join("\n"));
  const caughtIn = groupsOf(mistake);
  print("");
  if (guess === undefined) print(`Caught by:  ${caughtIn.join(", ")}`);
  else if (caughtIn.includes(guess)) print(bold(`Right: "${guess}" catches it.`));
  else print(`Not "${guess}": it is caught by ${caughtIn.map((name) => `"${name}"`).join(", ")}.`);
  print("");
  for (const line of wrapped(`In production: ${mistake.whatItCostsInProduction}`)) print(line);
  if (mistake.seenIn !== undefined) print(dim(`Seen in ${mistake.seenIn}`));
  return guess === undefined ? undefined : caughtIn.includes(guess);
}

/** The outermost titles of the tests that catch it, each once. */
export function groupsOf({ caughtBy }: Mistake): readonly string[] {
  return [...new Set(caughtBy.map((name) => name.split(" › ")[0] ?? name))];
}

/** The outermost titles of a step's tests, in the order in which its README names them. */
export function testGroups({ id }: Step): readonly string[] {
  const folder = join(root, "steps", id);
  const readme = readFileSync(join(folder, "README.md"), "utf8").replaceAll(/\s+/g, " ");
  const titles = readdirSync(folder)
    .filter((name) => name.endsWith(".test.ts"))
    .flatMap((name) => [
      ...readFileSync(join(folder, name), "utf8").matchAll(/^describe\("([^"]+)"/gm),
    ])
    .map(([, title = ""]) => title);
  const rank = (title: string): number => {
    const place = readme.indexOf(`"${title}"`);
    return place === -1 ? readme.length : place;
  };
  return [...new Set(titles)].sort((a, b) => rank(a) - rank(b));
}

/** Asks until there is an answer: a number of the list, or nothing at all. */
async function guessOf(
  groups: readonly string[],
  { print, ask }: Conversation,
): Promise<string | undefined> {
  for (;;) {
    const answer = (
      await ask(`Your guess, 1 to ${groups.length} (Enter: just show me, q: leave)  `)
    )?.trim();
    if (answer === undefined || answer === "") return undefined;
    const guess = /^\d+$/.test(answer) ? groups[Number(answer) - 1] : undefined;
    if (guess !== undefined) return guess;
    print(`Say a number from 1 to ${groups.length}.`);
  }
}

/** As the report names it: the learner's file, or the one that was run. */
const mistakenPlace = /^( {2}where {3})(?:steps|\.workshop\/mistakes\/[^/]+)\/[^/]+\//;

/** The failure as a learner would see it who had made the mistake. */
async function reportOn(step: Step, mistake: Mistake): Promise<readonly string[]> {
  writeMistake(step.id, mistake);
  const logged = new Map<string, string[]>();
  const run = await runVitest({
    trees: [],
    variant: { kind: "mistakes", step: step.id, id: mistake.id },
    step,
    files: (file) => mistake.triedBy?.includes(basename(file)) ?? true,
    reporters: [listener(logged)],
  });
  const { lines } = reportOf(step, run, logged);
  // There is nothing to mend here, so no next move, and `npm test` would show the learner's own code.
  return lines
    .filter((line) => !/^ {2}next {4}|^ +all of it: npm test/.test(line))
    .map((line) => line.replace(mistakenPlace, "$1the mistaken "));
}

function wrapped(text: string): readonly string[] {
  return text.match(/\S.{0,77}(?=\s|$)|\S+/g) ?? [text];
}
