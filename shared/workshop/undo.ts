/**
 * `npm run undo [N]`: brings back what the latest reset, solution or undo replaced, in step N or anywhere.
 * What is there now is kept first, so that an undo can be undone. `--list` shows all backups; the name
 * of one, as the list has it, brings back that one.
 */

import { parseArgs } from "node:util";
import { chosenStep } from "./arguments.ts";
import { describe, printFinished, printKept } from "./backup-report.ts";
import { allBackups, type Backup, changeFiles, contentBefore } from "./backups.ts";
import { Refused, runCommand } from "./command.ts";
import { bold, dim } from "./paint.ts";
import { root, steps } from "./steps.ts";

const place = { root };

await runCommand("npm run undo, npm run undo 4, or npm run undo -- --list", () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { list: { type: "boolean", default: false } },
  });
  const words = positionals.filter((word) => word !== "list");
  const wantsList = values.list || words.length < positionals.length;
  const named = words.find((word) => /^\d{4}-/.test(word));
  if (named !== undefined && !wantsList) {
    undo(backupNamed(named));
    return;
  }
  const step = chosenStep(words);
  const backups = allBackups(place).filter(
    ({ stepId }) => step === undefined || stepId === step.id,
  );
  const [latest] = backups;
  if (latest === undefined) {
    const where = step === undefined ? "" : ` in step ${step.id}`;
    console.log(`There is nothing to undo${where}: the workshop has not replaced any file.`);
  } else if (wantsList) list(backups);
  else undo(latest);
});

function undo(backup: Backup): void {
  if (!steps.some(({ id }) => id === backup.stepId)) {
    throw new Refused(
      `The folder steps/${backup.stepId} is not there, so nothing was brought back. Its files wait in .workshop/backups/${backup.name}/before.`,
    );
  }
  const { backup: made, finished } = changeFiles(
    place,
    "undo",
    backup.stepId,
    contentBefore(place, backup),
  );
  printFinished(finished);
  if (made === undefined) {
    console.log(
      `The files are as they were before the ${describe(backup)} (${when(backup)}): nothing to do.`,
    );
    console.log("npm run undo -- --list shows older ones.");
    return;
  }
  console.log(`Taken back: the ${describe(backup)}, of ${when(backup)}.`);
  console.log(`As before, in steps/${backup.stepId}: ${made.files.join(", ")}`);
  printKept(made, []);
}

function list(backups: readonly Backup[]): void {
  for (const backup of backups) {
    console.log(`${when(backup)}  ${bold(describe(backup))}: ${backup.files.join(", ")}`);
    console.log(dim(`    npm run undo ${backup.name}`));
  }
  console.log("\nThe latest first. Each holds your files as they were before it.");
}

function backupNamed(name: string): Backup {
  const found = allBackups(place).filter((backup) => backup.name.startsWith(name));
  const [only] = found;
  if (only && found.length === 1) return only;
  throw new RangeError(
    found.length === 0
      ? `There is no backup ${name}. npm run undo -- --list shows those there are.`
      : `${found.length} backups begin with ${name}. Say more of the name.`,
  );
}

/** In the learner's own time: `2030-05-01 14:03:22`. */
function when({ time }: Backup): string {
  return new Date(time).toLocaleString("sv-SE");
}
