/** A tool of the workshop with a mistake in it. */

import ts from "typescript";
import type { ToolMistake } from "./tool-mistakes.ts";

/** The tool's text with the mistake in it. */
export function wrong({ find, replace }: ToolMistake, text: string): string {
  return text.split(find).join(replace);
}

/** Why the mistake cannot be made in the tool's text; undefined where it can. */
export function faultInMaking(mistake: ToolMistake, text: string): string | undefined {
  const times = text.split(mistake.find).length - 1;
  if (times !== 1) return `${mistake.file} holds what is looked for ${times} times.`;
  const source = wrong(mistake, text);
  const { diagnostics = [] } = ts.transpileModule(source, { reportDiagnostics: true });
  return diagnostics.length === 0 ? undefined : "It would be red for any test: it does not parse.";
}
