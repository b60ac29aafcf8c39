/** `npm run play N`: runs the step's demonstration on the learner's code, the reference standing in for unsolved earlier steps. */

import { register } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { isDebugged } from "../infrastructure/debugged.ts";
import { startStallThread } from "../testing/stall-thread.ts";
import { requiredStep } from "./arguments.ts";
import { runCommand } from "./command.ts";
import { toldOfEnd, toldOfFailure, toldOfStall } from "./play-failure.ts";
import { solvedSteps } from "./progress-file.ts";
import { stallLimit } from "./stall-folder.ts";
import { root, type Step } from "./steps.ts";
import { whoseCode } from "./whose-code.ts";

await runCommand("npm run play 4", async () => {
  const step = requiredStep(process.argv.slice(2), "npm run play");
  const solved = solvedSteps();
  register("./tree-hook.ts", import.meta.url, { data: { solved: [...solved] } });
  console.log(`${whoseCode(step).join("\n")}\n`);
  await play(step);
});

/** Whatever the learner's code does, it is told in words. */
async function play(step: Step): Promise<void> {
  let isUnderWay = true;
  const stopped = (text: string): void => {
    isUnderWay = false;
    console.error(`\n${text}`);
    process.exitCode = 1;
  };
  process.on("beforeExit", () => {
    if (isUnderWay)
      stopped(toldOfEnd(step, "it waits for a promise that nothing settles any more"));
  });
  process.on("exit", (code) => {
    // An interrupted play has not come to its end either.
    const isInterrupted = code > 128;
    const what = `process.exit(${code}) was called in the code that it ran`;
    if (isUnderWay && !isInterrupted) stopped(toldOfEnd(step, what));
  });
  process.on("uncaughtException", (error) => {
    stopped(toldOfFailure(step, error));
    process.exit();
  });
  if (!isDebugged()) {
    const within = join(root, "steps", step.id);
    const word = { text: toldOfStall(step), within, root };
    startStallThread({ limit: stallLimit, word });
  }
  try {
    await import(pathToFileURL(join(root, "steps", step.id, "play.ts")).href);
    isUnderWay = false;
  } catch (error) {
    stopped(toldOfFailure(step, error));
  }
}
