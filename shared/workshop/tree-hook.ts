/** The Node side of trees.ts, for code that runs by tsx: a module hook that moves imports of step code. */

import type { ResolveFnOutput, ResolveHookContext } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Owner, ownerIn, redirect } from "./trees.ts";

let owner: Owner = ownerIn("learner", new Set());

export function initialize({ solved }: { readonly solved: readonly string[] }): void {
  owner = ownerIn("learner", new Set(solved));
}

export async function resolve(
  specifier: string,
  context: ResolveHookContext,
  next: (specifier: string, context: ResolveHookContext) => Promise<ResolveFnOutput>,
): Promise<ResolveFnOutput> {
  const { parentURL } = context;
  if (parentURL?.startsWith("file:") !== true) return next(specifier, context);
  const moved = redirect(specifier, fileURLToPath(parentURL), owner);
  return next(moved === undefined ? specifier : pathToFileURL(moved).href, context);
}
