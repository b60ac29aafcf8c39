/**
 * A variant of a step's reference, as a mistake or an alternative, written to a folder of its own: for
 * Vitest, for programs that a test starts, and for whoever wants to read it.
 */

import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readIfThere } from "./disk.ts";
import { referenceOf } from "./reference.ts";
import { root } from "./steps.ts";

export type VariantKind = "mistakes" | "alternatives";

/** Where the whole step is, once it is written. */
export function variantFolder(kind: VariantKind, stepId: string, id: string): string {
  return join(root, ".workshop", kind, id, stepId);
}

/** Writes the reference's files, and in place of some of them these texts; also those that it has not got. */
export function writeVariant(
  kind: VariantKind,
  stepId: string,
  id: string,
  changed: ReadonlyMap<string, string>,
): void {
  const files = new Map(referenceOf(stepId).map(({ name, text }) => [name, text]));
  for (const [name, text] of changed) files.set(name, text);
  for (const [name, text] of files) {
    const file = join(variantFolder(kind, stepId, id), name);
    const wanted = movedImports(text);
    if (readIfThere(file)?.toString("utf8") === wanted) continue;
    mkdirSync(dirname(file), { recursive: true });
    // In one stroke: another run may be reading it.
    writeFileSync(`${file}.${process.pid}.new`, wanted);
    renameSync(`${file}.${process.pid}.new`, file);
  }
}

/** From its folder, two levels deeper than a step, it imports earlier steps and what is given. */
function movedImports(text: string): string {
  return text
    .replaceAll(/(from|import) "\.\.\/\.\.\/shared\//g, '$1 "../../../../shared/')
    .replaceAll(/(from|import) "\.\.\/(\d\d-)/g, '$1 "../../../../solutions/$2');
}
