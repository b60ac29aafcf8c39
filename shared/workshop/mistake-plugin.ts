/** The tree of a mistake: the step is the reference with the mistake in it, all else the reference. */

import { join, relative } from "node:path";
import type { Plugin } from "vitest/config";
import { mistakeFolder } from "./mistake-files.ts";
import { root } from "./steps.ts";
import { ownerIn, redirect } from "./trees.ts";

const reference = ownerIn("reference", new Set());

export function mistakePlugin(stepId: string, mistakeId: string): Plugin {
  const rightFolder = join(root, "solutions", stepId);
  return {
    name: "workshop-mistake",
    enforce: "pre",
    resolveId(source, importer) {
      if (importer === undefined) return null;
      const right = redirect(source, importer.split("?")[0] ?? importer, reference);
      if (right === undefined) return null;
      const inStep = relative(rightFolder, right);
      return inStep.startsWith("..") ? right : join(mistakeFolder(stepId, mistakeId), inStep);
    },
  };
}
