/**
 * A variant of a step's reference, as a mistake or an alternative, written to a folder of its own: for
 * Vitest, for programs that a test starts, and for whoever wants to read it.
 */

import { mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readIfThere } from "./disk.ts";
import { referenceOf } from "./reference.ts";
import { root } from "./steps.ts";

export interface Variant {
  readonly kind: "mistakes" | "alternatives";
  /** `04-concurrency` */
  readonly step: string;
  readonly id: string;
}

/** `mistakes/04-concurrency/check-then-act` */
export function nameOf({ kind, step, id }: Variant): string {
  return `${kind}/${step}/${id}`;
}

export function variantNamed(name: string): Variant | undefined {
  const [kind, step, id] = name.split("/");
  if ((kind !== "mistakes" && kind !== "alternatives") || !step || !id) return undefined;
  return { kind, step, id };
}

/** Where the whole step is, once it is written. */
export function folderOf({ kind, step, id }: Variant): string {
  return join(root, ".workshop", kind, id, step);
}

/** Writes the reference's files, and in place of some of them these texts; also those that it has not got. */
export function writeVariant(variant: Variant, changed: ReadonlyMap<string, string>): void {
  const files = new Map(referenceOf(variant.step).map(({ name, text }) => [name, text]));
  for (const [name, text] of changed) files.set(name, text);
  for (const [name, text] of files) write(join(folderOf(variant), name), movedImports(text));
}

/** A file that runs these of the step's tests on the variant, all in one process (variant-plugin.ts). */
export function trialFile(variant: Variant): string {
  return `${folderOf(variant)}.test.ts`;
}

/** Each file of tests is a `describe` of the trial: these, or all of the step, examples before properties. */
export function writeTrial(variant: Variant, tests = testsOf(variant.step)): void {
  const suites = tests.map((name) => {
    const address = `../../../steps/${variant.step}/${name}?variant=${nameOf(variant)}`;
    return `describe("${name}", () => import("${address}"));\n`;
  });
  write(trialFile(variant), `import { describe } from "vitest";\n${suites.join("")}`);
}

function testsOf(step: string): readonly string[] {
  const isProperties = (name: string): number => (name.endsWith(".property.test.ts") ? 1 : 0);
  return readdirSync(join(root, "steps", step))
    .filter((name) => name.endsWith(".test.ts"))
    .sort((a, b) => isProperties(a) - isProperties(b));
}

function write(file: string, wanted: string): void {
  if (readIfThere(file)?.toString("utf8") === wanted) return;
  mkdirSync(dirname(file), { recursive: true });
  // In one stroke: another run may be reading it.
  writeFileSync(`${file}.${process.pid}.new`, wanted);
  renameSync(`${file}.${process.pid}.new`, file);
}

/** From its folder, two levels deeper than a step, it imports earlier steps and what is given. */
function movedImports(text: string): string {
  return text
    .replaceAll(/(from|import) "\.\.\/\.\.\/shared\//g, '$1 "../../../../shared/')
    .replaceAll(/(from|import) "\.\.\/(\d\d-)/g, '$1 "../../../../solutions/$2');
}
