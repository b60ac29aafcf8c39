import type { Mistake } from "./mistake.ts";

export const versioningMistakes: readonly Mistake[] = [];
