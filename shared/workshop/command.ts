/** What the commands have in common: an error that the learner can act on is a message, not a stack trace. */

import { refusalOf } from "./disk.ts";
import { LockTaken } from "./lock.ts";
import { ProgressUnusable } from "./progress-storage.ts";

/** The command cannot do what was asked; the message says why, and what to do. */
export class Refused extends Error {
  override readonly name = "Refused";
}

/** Runs a command. `usage` is shown where its arguments are not understood. */
export async function runCommand(usage: string, work: () => void | Promise<void>): Promise<void> {
  // A pager that was left, or `| head`, is no reason for a stack trace.
  process.stdout.on("error", () => process.exit());
  try {
    await work();
  } catch (error) {
    console.error(toldTo(error, usage));
    process.exitCode = 2;
  }
}

function toldTo(error: unknown, usage: string): string {
  if (!(error instanceof Error)) throw error;
  if ("code" in error && String(error.code).startsWith("ERR_PARSE_ARGS")) {
    return `${error.message.split(". To specify")[0]}. Use it as ${usage}`;
  }
  const isMeantForLearners =
    error instanceof RangeError ||
    error instanceof Refused ||
    error instanceof LockTaken ||
    error instanceof ProgressUnusable;
  if (isMeantForLearners) return error.message;
  const reason = refusalOf(error);
  if (reason === undefined) throw error;
  const path = "path" in error ? String(error.path) : "a file";
  return `${path} could not be used: ${reason}.`;
}
