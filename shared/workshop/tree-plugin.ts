/** The Vitest side of trees.ts: moves imports of step code to the tree that the project tests. */

import type { Plugin } from "vitest/config";
import { type Owner, redirect } from "./trees.ts";

export function treePlugin(owner: Owner): Plugin {
  return {
    name: "workshop-tree",
    enforce: "pre",
    resolveId(source, importer) {
      if (importer === undefined) return null;
      return redirect(source, importer.split("?")[0] ?? importer, owner) ?? null;
    },
  };
}
