/** What came of exploring the laws of a step. */

import { type Run, testsOf } from "./run-vitest.ts";
import { errorsAround } from "./thrown.ts";

/** Whether a round has broken a law, or met anything else that has to be told. */
export function hasBroken({ modules, errors, stalls }: Run): boolean {
  const isAnyRed = modules.flatMap(testsOf).some((test) => test.result().state === "failed");
  return isAnyRed || [...modules.flatMap(errorsAround), ...errors, ...stalls].length > 0;
}

/**
 * What to say where the time was over too early; undefined where every law had a turn. `tried` has for
 * each law how many cases of it were tried.
 */
export function whatWasMissed(tried: ReadonlyMap<string, number>): string | undefined {
  const missed = [...tried.values()].filter((cases) => cases === 0).length;
  if (missed === tried.size) {
    return "The time was over before a law was tried. Give it more: -- --seconds 60";
  }
  if (missed === 0) return undefined;
  return `What was tried held, but the time was over before ${missed} of ${tried.size} laws had a turn. Give it more: -- --seconds 60`;
}
