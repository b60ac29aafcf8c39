/** The tree of a mistake or an alternative: the step is that variant of the reference, all else the reference. */

import { join, relative } from "node:path";
import type { Plugin } from "vitest/config";
import { root } from "./steps.ts";
import { ownerIn, redirect } from "./trees.ts";

const reference = ownerIn("reference", new Set());

/** `folder` has the whole step, as writeVariant has written it. */
export function variantPlugin(stepId: string, folder: string): Plugin {
  const rightFolder = join(root, "solutions", stepId);
  return {
    name: "workshop-variant",
    enforce: "pre",
    resolveId(source, importer) {
      if (importer === undefined) return null;
      const right = redirect(source, importer.split("?")[0] ?? importer, reference);
      if (right === undefined) return null;
      const inStep = relative(rightFolder, right);
      return inStep.startsWith("..") ? right : join(folder, inStep);
    },
  };
}
