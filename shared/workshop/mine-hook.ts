/**
 * A module hook for the demo on the learner's code: each step that the learner has solved is theirs,
 * wherever it is imported from, and each other one is the reference.
 */

import { dirname, join, relative, sep } from "node:path";
import { resolveBy } from "./module-hook.ts";
import { root } from "./steps.ts";

let solved: ReadonlySet<string> = new Set();

export function initialize(data: { readonly solved: readonly string[] }): void {
  solved = new Set(data.solved);
}

export const resolve = resolveBy((specifier, importer) =>
  specifier.startsWith(".") ? placeOf(join(dirname(importer), specifier), solved) : undefined,
);

/** Where a step's file is to be taken from; undefined for what belongs to no step. */
export function placeOf(file: string, solved: ReadonlySet<string>): string | undefined {
  const [tree = "", id = "", ...inside] = relative(root, file).split(sep);
  if (!/^(steps|solutions)$/.test(tree) || !/^\d\d-/.test(id)) return undefined;
  return join(root, solved.has(id) ? "steps" : "solutions", id, ...inside);
}
