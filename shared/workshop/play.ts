/** `npm run play N`: runs the step's demonstration on the learner's code, the reference standing in for unsolved earlier steps. */

import { register } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { NotImplemented } from "../kernel/not-implemented.ts";
import { chosenStep } from "./arguments.ts";
import { solvedSteps } from "./progress-file.ts";
import { root } from "./steps.ts";
import { whoseCode } from "./whose-code.ts";

const step = chosenStep(process.argv.slice(2));
if (step === undefined) {
  console.error(
    "Which step? Say its number, as in npm run play 1, or run it inside the step's folder.",
  );
  process.exit(2);
}
const solved = solvedSteps();
register("./tree-hook.ts", import.meta.url, { data: { solved: [...solved] } });
console.log(`${whoseCode(step, solved)}\n`);
try {
  await import(pathToFileURL(join(root, "steps", step.id, "play.ts")).href);
} catch (error) {
  if (!(error instanceof NotImplemented)) throw error;
  console.error(`\n${error.message}. The play runs on your code: write it first, then play again.`);
  process.exitCode = 1;
}
