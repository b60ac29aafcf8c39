/** What reset, solution and undo say of the backups that they made. */

import type { Backup } from "./backups.ts";
import { isGuided } from "./guided.ts";
import { dim } from "./paint.ts";

/** Where the old files are, and that what the learner added is as it was. */
export function printKept(backup: Backup, own: readonly string[]): void {
  console.log(`What was there is kept: ${isGuided() ? "u" : "npm run undo"} brings it back.`);
  console.log(dim(`  .workshop/backups/${backup.name}`));
  if (own.length > 0) console.log(`Not touched, for you added it: ${own.join(", ")}`);
}

/** A command that was interrupted, and has been finished before this one. */
export function printFinished(backups: readonly Backup[]): void {
  for (const backup of backups) {
    console.log(`First finished what was interrupted: ${describe(backup)}.`);
  }
}

/** `reset of 04-concurrency` */
export function describe({ what, stepId }: Backup): string {
  return `${meanings[what] ?? what} ${stepId}`;
}

const meanings: Readonly<Record<string, string>> = {
  reset: "reset of",
  solution: "reference put into",
  undo: "undo in",
};
