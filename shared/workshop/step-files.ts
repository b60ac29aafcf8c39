/** The files of a step that the workshop may replace: those that its reference has, and no others. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Target } from "./backups.ts";
import { readIfThere } from "./disk.ts";
import { referenceOf, withoutMarks } from "./reference.ts";
import { type Starter, startersOf } from "./starter.ts";
import { root } from "./steps.ts";

/** A file of the step beside the reference's; `yours` is undefined where the learner has removed it. */
export interface ComparedFile {
  readonly name: string;
  readonly yours: string | undefined;
  readonly reference: string;
  readonly differs: boolean;
}

/** What `reset` makes of the step's files. */
export function starterTargets(stepId: string): readonly Target[] {
  return targets(stepId, startersOf(stepId));
}

/** What `solution --apply` makes of the step's files: only of those that differ. */
export function referenceTargets(stepId: string): readonly Target[] {
  const differing = compareWithReference(stepId).filter(({ differs }) => differs);
  const names = differing.map(({ name }) => name);
  return targets(
    stepId,
    referenceOf(stepId).filter(({ name }) => names.includes(name)),
  );
}

/** The step's files beside the reference's. Line endings and the reference's marks are no difference. */
export function compareWithReference(stepId: string): readonly ComparedFile[] {
  return referenceOf(stepId).map(({ name, text }) => {
    const bytes = readIfThere(join(root, "steps", stepId, name));
    const yours = bytes === undefined ? undefined : withoutMarks(lines(bytes.toString("utf8")));
    const reference = lines(text);
    return { name, yours, reference, differs: yours !== reference };
  });
}

/** Files that the learner added to the step: nothing touches them. */
export function ownFiles(stepId: string): readonly string[] {
  const given = new Set(["README.md", "hints.md", ...startersOf(stepId).map(({ name }) => name)]);
  return readdirSync(join(root, "steps", stepId)).filter(
    (name) => !given.has(name) && !name.endsWith(".test.ts") && !name.startsWith("."),
  );
}

/** In the line endings that the learner's file has. */
function targets(stepId: string, files: readonly Starter[]): readonly Target[] {
  return files.map(({ name, text }) => {
    const present = readIfThere(join(root, "steps", stepId, name))?.includes("\r\n") ?? false;
    const wanted = present ? lines(text).replaceAll("\n", "\r\n") : lines(text);
    return { name, content: Buffer.from(wanted) };
  });
}

function lines(text: string): string {
  return text.replaceAll("\r\n", "\n");
}
