/**
 * `npm run mistakes N`: the classic wrong solutions of a step. It shows one, asks which test will
 * catch it, runs the tests, and tells what the mistake costs in production.
 *
 *   npm run mistakes 4                    the next one of step 04
 *   npm run mistakes 4 check-then-act     this one
 *   npm run mistakes 4 -- --all           all of them, and what catches each
 *   npm run mistakes -- --check           for those who change the workshop: is each one caught?
 */

import { parseArgs } from "node:util";
import { chosenStep } from "./arguments.ts";
import { runCommand } from "./command.ts";
import { checkMistakes } from "./mistake-check.ts";
import { steps } from "./steps.ts";

await runCommand("npm run mistakes 4, or npm run mistakes 4 -- --all", async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { all: { type: "boolean" }, check: { type: "boolean" } },
  });
  const words = positionals.filter((word) => word !== "all" && word !== "check");
  const isAsked = (option: "all" | "check"): boolean =>
    values[option] === true || positionals.includes(option);
  const step = chosenStep(words);
  const id = words.find((word) => !/^\d/.test(word));
  if (isAsked("check")) {
    const isRight = await checkMistakes(step === undefined ? steps : [step], id);
    process.exitCode = isRight ? 0 : 1;
  }
});
