/** The mutants that may survive, by step. */

import type { Survivor } from "../survivor.ts";

const catalogue: Readonly<Record<string, readonly Survivor[]>> = {};

export function survivorsOf(stepId: string): readonly Survivor[] {
  return catalogue[stepId] ?? [];
}
