/** What `register` of node:module loads is a module that exports `resolve`: here is one that moves imports. */

import type { ResolveFnOutput, ResolveHookContext } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

type Resolve = (
  specifier: string,
  context: ResolveHookContext,
  next: (specifier: string, context: ResolveHookContext) => Promise<ResolveFnOutput>,
) => Promise<ResolveFnOutput>;

/** `placeOf` gets what is imported, as it is written, and the file that imports it; undefined leaves it alone. */
export function resolveBy(
  placeOf: (specifier: string, importer: string) => string | undefined,
): Resolve {
  return async (specifier, context, next) => {
    const { parentURL } = context;
    const place = parentURL?.startsWith("file:")
      ? placeOf(specifier, fileURLToPath(parentURL))
      : undefined;
    return next(place === undefined ? specifier : pathToFileURL(place).href, context);
  };
}
