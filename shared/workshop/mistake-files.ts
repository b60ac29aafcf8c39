/** A step's reference with a mistake made in it. */

import { editsOf, type Mistake } from "../mistakes/mistake.ts";
import { referenceOf } from "./reference.ts";
import type { Starter } from "./starter.ts";
import { writeVariant } from "./variant-files.ts";

/** The reference has changed, and the mistake's edit does not fit it any more. */
export class MistakeDoesNotApply extends Error {
  override readonly name = "MistakeDoesNotApply";
}

/** The files that the mistake changes: as the reference has them, and as the mistake leaves them. */
export interface MistakenFile {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

/** Makes the mistake in these files of a step. Throws MistakeDoesNotApply where an edit does not fit. */
export function makeMistake(mistake: Mistake, files: readonly Starter[]): readonly MistakenFile[] {
  const made = new Map<string, MistakenFile>();
  for (const { file, find, replace } of editsOf(mistake)) {
    const { text: before } = files.find(({ name }) => name === file) ?? {};
    if (before === undefined) {
      throw new MistakeDoesNotApply(
        `${mistake.id} edits ${file}, which the reference has not got.`,
      );
    }
    const text = made.get(file)?.after ?? before;
    const parts = text.split(find);
    if (parts.length !== 2 || find === replace) {
      const fault =
        find === replace
          ? "replaces a text by itself"
          : `looks for a text that is there ${parts.length - 1} times, not once`;
      throw new MistakeDoesNotApply(`${mistake.id} ${fault}, in ${file}:\n${find}`);
    }
    made.set(file, { name: file, before, after: parts.join(replace) });
  }
  return [...made.values()];
}

/** As makeMistake, in the reference of a step. */
export function mistakenFiles(stepId: string, mistake: Mistake): readonly MistakenFile[] {
  return makeMistake(mistake, referenceOf(stepId));
}

/** Writes the whole step with the mistake in it. Throws MistakeDoesNotApply. */
export function writeMistake(stepId: string, mistake: Mistake): void {
  const changed = new Map(mistakenFiles(stepId, mistake).map(({ name, after }) => [name, after]));
  writeVariant({ kind: "mistakes", step: stepId, id: mistake.id }, changed);
}
