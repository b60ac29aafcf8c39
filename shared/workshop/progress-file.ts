/** What the learner has solved, kept in one small file: a step counts while its files are as they were when its tests were green. */

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root, steps } from "./steps.ts";

const file = join(root, ".workshop", "progress.json");

interface Progress {
  /** Step id to the fingerprint of the learner's files at their last green run. */
  readonly solved: Readonly<Record<string, string>>;
}

/** The ids of the steps whose code is as it was when it was last green. */
export function solvedSteps(): ReadonlySet<string> {
  const { solved } = readProgress();
  const ids = steps.map((step) => step.id);
  return new Set(ids.filter((id) => solved[id] !== undefined && solved[id] === fingerprint(id)));
}

/** Remembers that this step's tests are all green now, or are no longer. */
export function markSolved(stepId: string, green: boolean): void {
  const { [stepId]: _, ...others } = readProgress().solved;
  const solved = green ? { ...others, [stepId]: fingerprint(stepId) } : others;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ solved }, null, 2)}\n`);
}

function readProgress(): Progress {
  try {
    const stored: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof stored === "object" && stored !== null && "solved" in stored)
      return stored as Progress;
  } catch {
    // No file yet, or one that cannot be read: nothing is known to be solved, and the next green run writes it anew.
  }
  return { solved: {} };
}

function fingerprint(stepId: string): string {
  const folder = join(root, "steps", stepId);
  const hash = createHash("sha256");
  for (const name of readdirSync(folder).sort()) {
    if (!/\.(ts|sql)$/.test(name) || name.endsWith(".test.ts")) continue;
    hash.update(name).update(readFileSync(join(folder, name)));
  }
  return hash.digest("hex");
}
