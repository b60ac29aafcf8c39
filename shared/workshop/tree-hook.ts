/** The Node side of trees.ts, for code that runs by tsx: a module hook that moves imports of step code. */

import { resolveBy } from "./module-hook.ts";
import { type Owner, ownerIn, redirect } from "./trees.ts";

let owner: Owner = ownerIn("learner", new Set());

export function initialize({ solved }: { readonly solved: readonly string[] }): void {
  owner = ownerIn("learner", new Set(solved));
}

export const resolve = resolveBy((specifier, importer) => redirect(specifier, importer, owner));
