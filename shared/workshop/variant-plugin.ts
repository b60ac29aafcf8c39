/** Tests of a step on a variant of its reference, a mistake or an alternative; all else is the reference. */

import { join, relative } from "node:path";
import type { Plugin } from "vitest/config";
import { root } from "./steps.ts";
import { ownerIn, redirect } from "./trees.ts";
import { folderOf, type Variant, variantNamed } from "./variant-files.ts";

const reference = ownerIn("reference", new Set());

/**
 * Step code that a test imports is taken from the variant's folder, as writeVariant has written it: from `variant`'s,
 * or from that one which the test's own address names, `steps/01-aggregate/stay.test.ts?variant=mistakes/01-aggregate/...`.
 */
export function variantPlugin(variant?: Variant): Plugin {
  return {
    name: "workshop-variant",
    enforce: "pre",
    resolveId(source, importer) {
      const [test, query] = importer?.split("?") ?? [];
      const tried = variant ?? variantNamed(new URLSearchParams(query).get("variant") ?? "");
      if (test === undefined || tried === undefined) return null;
      const right = redirect(source, test, reference);
      if (right === undefined) return null;
      const inStep = relative(join(root, "solutions", tried.step), right);
      return inStep.startsWith("..") ? right : join(folderOf(tried), inStep);
    },
  };
}
