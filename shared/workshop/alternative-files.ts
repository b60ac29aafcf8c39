/** The files in which an alternative differs from a step's reference. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Alternative } from "../alternatives/alternative.ts";
import { referenceOf } from "./reference.ts";
import { root } from "./steps.ts";
import { writeVariant } from "./variant-files.ts";

export interface AlternativeFile {
  readonly name: string;
  /** Empty where the reference has no such file. */
  readonly reference: string;
  readonly text: string;
}

export function alternativeFiles(stepId: string, { id }: Alternative): readonly AlternativeFile[] {
  const folder = join(root, "shared", "alternatives", stepId, id);
  const reference = new Map(referenceOf(stepId).map(({ name, text }) => [name, text]));
  return readdirSync(folder)
    .sort()
    .map((name) => ({
      name,
      reference: reference.get(name) ?? "",
      text: asInStep(readFileSync(join(folder, name), "utf8"), stepId),
    }));
}

/** Writes the whole step, solved in this way. */
export function writeAlternative(stepId: string, alternative: Alternative): void {
  const files = alternativeFiles(stepId, alternative);
  const changed = new Map(files.map(({ name, text }) => [name, text]));
  writeVariant({ kind: "alternatives", step: stepId, id: alternative.id }, changed);
}

/** With the imports that it would have in the step's folder, so that it can be compared, and taken over. */
function asInStep(text: string, stepId: string): string {
  return text
    .replaceAll(`"../../../../solutions/${stepId}/`, '"./')
    .replaceAll('"../../../../solutions/', '"../')
    .replaceAll('"../../../../shared/', '"../../shared/');
}
