/**
 * `npm run solution N`: how the learner's files differ from the reference.
 *
 *   npm run solution 4 -- --apply          puts the reference in their place, and keeps them in a backup
 *   npm run solution 4 -- --alternatives   shows other right solutions, and what they gain and cost
 *   npm run solution -- --alternatives --check   for those who change the workshop: are they all green?
 */

import { parseArgs } from "node:util";
import { alternativesOf } from "../alternatives/catalogue.ts";
import { alternativeFiles } from "./alternative-files.ts";
import { chosenStep, requiredStep } from "./arguments.ts";
import { printFinished, printKept } from "./backup-report.ts";
import { changeFiles } from "./backups.ts";
import { runCommand } from "./command.ts";
import { difference } from "./difference.ts";
import { wrapped } from "./labelled.ts";
import { bold, dim } from "./paint.ts";
import { rememberOpened } from "./progress-file.ts";
import { compareWithReference, ownFiles, referenceTargets } from "./step-files.ts";
import { stepHeading } from "./step-heading.ts";
import { root, type Step, steps } from "./steps.ts";

const options = ["apply", "alternatives", "check"] as const;

await runCommand("npm run solution 4, or npm run solution 4 -- --apply", async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      apply: { type: "boolean" },
      alternatives: { type: "boolean" },
      check: { type: "boolean" },
    },
  });
  // Without the two dashes before it npm keeps an option to itself, so a word will do.
  const isAsked = (option: (typeof options)[number]): boolean =>
    values[option] === true || positionals.includes(option);
  const numbers = positionals.filter((word) => !options.some((option) => option === word));
  if (isAsked("alternatives") && isAsked("check")) {
    const step = chosenStep(numbers);
    // Vitest takes a second to load, which nobody else here waits for.
    const { checkAlternatives } = await import("./alternative-check.ts");
    process.exitCode = (await checkAlternatives(step === undefined ? steps : [step])) ? 0 : 1;
    return;
  }
  const step = requiredStep(numbers, "npm run solution");
  rememberOpened(step.id);
  if (isAsked("alternatives")) showAlternatives(step);
  else if (isAsked("apply")) apply(step);
  else show(step);
});

function show(step: Step): void {
  const files = compareWithReference(step.id);
  const differing = files.filter(({ differs }) => differs);
  const number = step.number;
  console.log(bold(stepHeading(step.id).line));
  if (differing.length === 0) {
    console.log("Your files are the reference, line by line. There is nothing to show.");
    return;
  }
  console.log("From your code (-) to the reference (+).");
  for (const { name, yours, reference } of differing) {
    const gone = yours === undefined ? dim("  you have no such file") : "";
    console.log(`\n${bold(`steps/${step.id}/${name}`)}${gone}`);
    for (const line of difference(yours ?? "", reference)) console.log(line);
  }
  const same = files.length - differing.length;
  console.log(
    `\n${differing.length} of ${files.length} files differ${same > 0 ? `, the other ${same} are as the reference has them` : ""}.`,
  );
  console.log(`Take the reference:  npm run solution ${number} -- --apply`);
  console.log("Your files are kept then, and npm run undo brings them back.");
}

function showAlternatives(step: Step): void {
  const all = alternativesOf(step.id);
  console.log(bold(stepHeading(step.id).line));
  for (const alternative of all) {
    console.log(`\n${bold(alternative.id)}`);
    for (const line of wrapped(`The code ${alternative.title}.`, 78)) console.log(line);
    console.log("");
    for (const line of wrapped(alternative.tradeOffs, 78)) console.log(line);
    for (const { name } of alternativeFiles(step.id, alternative)) {
      console.log(`  shared/alternatives/${step.id}/${alternative.id}/${name}`);
    }
  }
  console.log(
    all.length === 0
      ? "There is no alternative to this step's reference yet."
      : "\nAll of them are green under the same tests as yours. Open a file beside solutions/.",
  );
}

function apply(step: Step): void {
  const { backup, finished } = changeFiles(
    { root },
    "solution",
    step.id,
    referenceTargets(step.id),
  );
  printFinished(finished);
  if (backup === undefined) {
    console.log(`The files in steps/${step.id} are the reference's already.`);
    return;
  }
  console.log(`Now the reference's, in steps/${step.id}: ${backup.files.join(", ")}`);
  printKept(backup, ownFiles(step.id));
  console.log(`Next: npm test ${step.number}, and read how it is done.`);
}
