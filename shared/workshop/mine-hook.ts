/**
 * A module hook for the demo on the learner's code: each step that the learner has solved is theirs,
 * wherever it is imported from, and each other one is the reference.
 */

import type { ResolveFnOutput, ResolveHookContext } from "node:module";
import { resolve as absolute, dirname, join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { root } from "./steps.ts";

let solved: ReadonlySet<string> = new Set();

export function initialize(data: { readonly solved: readonly string[] }): void {
  solved = new Set(data.solved);
}

export async function resolve(
  specifier: string,
  context: ResolveHookContext,
  next: (specifier: string, context: ResolveHookContext) => Promise<ResolveFnOutput>,
): Promise<ResolveFnOutput> {
  const { parentURL } = context;
  if (parentURL?.startsWith("file:") !== true || !specifier.startsWith(".")) {
    return next(specifier, context);
  }
  const file = absolute(dirname(fileURLToPath(parentURL)), specifier);
  const moved = placeOf(file, solved);
  return next(moved === undefined ? specifier : pathToFileURL(moved).href, context);
}

/** Where a step's file is to be taken from; undefined for what belongs to no step. */
export function placeOf(file: string, solved: ReadonlySet<string>): string | undefined {
  const [tree = "", id = "", ...inside] = relative(root, file).split(sep);
  if (!/^(steps|solutions)$/.test(tree) || !/^\d\d-/.test(id)) return undefined;
  return join(root, solved.has(id) ? "steps" : "solutions", id, ...inside);
}
