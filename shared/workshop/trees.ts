/**
 * Which file stands behind an import of step code.
 *
 * Tests live once, in `steps/`, and import `./reservation.ts`. In the tree `reference` that is the
 * file in `solutions/`, in `pristine` the generated starter, in `learner` the learner's own. An
 * import of an earlier step is the reference, or the learner's where that step is solved.
 */

import { dirname, join, posix, relative, resolve, sep } from "node:path";
import { root } from "./steps.ts";

export type TreeName = "reference" | "pristine" | "learner";

/** Where the generated starters of the tree `pristine` are written. */
export const pristineRoot = join(root, ".workshop", "pristine");

/** Decides for a file of `steps/`: which step is imported, and from which. */
export type Owner = (
  stepId: string,
  importerStepId: string | undefined,
) => "yours" | "reference" | "starter";

export function ownerIn(tree: TreeName, solved: ReadonlySet<string>): Owner {
  switch (tree) {
    case "reference":
      return () => "reference";
    case "pristine":
      return (step, importer) => (step === importer ? "starter" : "reference");
    case "learner":
      return (step, importer) => (step === importer || solved.has(step) ? "yours" : "reference");
  }
}

/**
 * The file to load for `source` imported by `importer` (both absolute paths or a relative
 * specifier), or undefined where nothing is to be moved.
 */
export function redirect(source: string, importer: string, owner: Owner): string | undefined {
  if (!source.startsWith("./") && !source.startsWith("../")) return undefined;
  const from = logicalPath(importer);
  if (from === undefined) return undefined;
  const target = posix.join(posix.dirname(from), source);
  const step = stepOf(target);
  if (step === undefined || target.endsWith(".test.ts")) {
    // A file below .workshop/ reaches the rest of the repository by its logical path.
    return importer.startsWith(pristineRoot) ? join(root, target) : undefined;
  }
  const inside = target.slice("steps/".length);
  switch (owner(step, stepOf(from))) {
    case "yours":
      return join(root, "steps", inside);
    case "reference":
      return join(root, "solutions", inside);
    case "starter":
      return join(pristineRoot, "steps", inside);
  }
}

/** The path as the repository's layout names it: a pristine starter counts as the learner's file. */
function logicalPath(file: string): string | undefined {
  const absolute = resolve(file);
  const base = isBelow(absolute, pristineRoot) ? pristineRoot : root;
  if (!isBelow(absolute, base)) return undefined;
  return relative(base, absolute).split(sep).join("/");
}

function isBelow(file: string, folder: string): boolean {
  return dirname(file).startsWith(folder);
}

function stepOf(path: string): string | undefined {
  return /^steps\/(\d\d-[^/]+)\//.exec(path)?.[1];
}
