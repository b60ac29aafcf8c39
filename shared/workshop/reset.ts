/** `npm run reset N`: gives the step's starter back; what the learner wrote is kept in a backup. */

import { parseArgs } from "node:util";
import { requiredStep } from "./arguments.ts";
import { printFinished, printKept } from "./backup-report.ts";
import { changeFiles } from "./backups.ts";
import { runCommand } from "./command.ts";
import { rememberOpened } from "./progress-file.ts";
import { ownFiles, starterTargets } from "./step-files.ts";
import { root } from "./steps.ts";

await runCommand("npm run reset 4", () => {
  const { positionals } = parseArgs({ allowPositionals: true });
  const step = requiredStep(positionals, "npm run reset");
  rememberOpened(step.id);
  const { backup, finished } = changeFiles({ root }, "reset", step.id, starterTargets(step.id));
  printFinished(finished);
  if (backup === undefined) {
    console.log(`The files in steps/${step.id} are the starter's already.`);
    return;
  }
  console.log(`Starters again, in steps/${step.id}: ${backup.files.join(", ")}`);
  printKept(backup, ownFiles(step.id));
});
