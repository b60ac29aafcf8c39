/**
 * `npm run solution N`: how the learner's files differ from the reference; with `--apply` the reference
 * takes their place, and theirs are kept in a backup.
 */

import { parseArgs } from "node:util";
import { requiredStep } from "./arguments.ts";
import { printFinished, printKept } from "./backup-report.ts";
import { changeFiles } from "./backups.ts";
import { runCommand } from "./command.ts";
import { difference } from "./difference.ts";
import { bold, dim } from "./paint.ts";
import { rememberOpened } from "./progress-file.ts";
import { compareWithReference, ownFiles, referenceTargets } from "./step-files.ts";
import { stepHeading } from "./step-heading.ts";
import { root, type Step } from "./steps.ts";

await runCommand("npm run solution 4, or npm run solution 4 -- --apply", () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { apply: { type: "boolean", default: false } },
  });
  const numbers = positionals.filter((word) => word !== "apply");
  const step = requiredStep(numbers, "npm run solution");
  rememberOpened(step.id);
  if (values.apply || numbers.length < positionals.length) apply(step);
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
