/** Holds a step's mutants against the list of those that may survive, and against the bar. */

import type { Mutant } from "./report.ts";
import type { Excuse, Survivor } from "./survivor.ts";

export interface Judgement {
  readonly killed: number;
  /** Ended by a time limit: on a busy machine that may have been the machine. */
  readonly timeouts: number;
  readonly survived: number;
  /** Survivors that are listed, and how many of them no input can tell from the reference. */
  readonly listed: number;
  readonly equivalent: number;
  /** Killed of all, in percent. */
  readonly rawScore: number;
  /** Killed of those that something can tell from the reference, in percent. */
  readonly score: number;
  /** What is not as it must be, a sentence each. */
  readonly faults: readonly string[];
}

/** `bar` is the lowest score, in percent. */
export function judge(
  mutants: readonly Mutant[],
  excuses: readonly Excuse[],
  bar: number,
): Judgement {
  const count = (outcome: Mutant["outcome"]): number =>
    mutants.filter((mutant) => mutant.outcome === outcome).length;
  const survivors = mutants.filter(({ outcome }) => outcome === "survived");
  const isListed = (mutant: Mutant, list: readonly Survivor[]): boolean =>
    list.some((survivor) => isAbout(survivor, mutant));
  const listed = excuses.flatMap((excuse) => excuse.mutants);
  const equivalents = excuses
    .filter(({ verdict }) => verdict === "equivalent")
    .flatMap((excuse) => excuse.mutants);
  const unlisted = survivors.filter((mutant) => !isListed(mutant, listed));
  const equivalent = survivors.filter((mutant) => isListed(mutant, equivalents)).length;
  const [killed, timeouts, unsure] = [count("killed"), count("timeout"), count("unsure")];
  const caught = killed + timeouts;
  const valid = caught + survivors.length + unsure;
  const score = percent(caught, valid - equivalent);
  return {
    ...{ killed, timeouts, survived: survivors.length, equivalent, score },
    listed: survivors.length - unlisted.length,
    rawScore: percent(caught, valid),
    faults: [
      ...unlisted.map((mutant) => `survived, and is not listed:\n${inWords(mutant)}`),
      ...mutants
        .filter(({ outcome }) => outcome === "unsure")
        .map((mutant) => `could not be judged, not even the second time:\n${inWords(mutant)}`),
      ...listed
        .filter(
          (survivor) => !mutants.some((mutant) => isAbout(survivor, mutant) && mayLive(mutant)),
        )
        .map((survivor) => staleness(survivor, mutants)),
      ...(score < bar ? [`the score is ${score.toFixed(1)} %, below ${bar} %`] : []),
    ],
  };
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 100 : (100 * part) / whole;
}

/** A time limit, on a busy machine, is no proof that a listed one is caught. */
function mayLive({ outcome }: Mutant): boolean {
  return outcome === "survived" || outcome === "timeout";
}

function staleness(survivor: Survivor, mutants: readonly Mutant[]): string {
  const { file, mutated, replacement } = survivor;
  const now = mutants.find((mutant) => isAbout(survivor, mutant));
  const what = now ? "is caught now" : "is not there any more";
  return `listed, but ${what}: ${file} in ${survivor.in}: ${mutated} → ${replacement}`;
}

function isAbout(survivor: Survivor, mutant: Mutant): boolean {
  return (
    survivor.file === mutant.file &&
    survivor.in === mutant.in &&
    survivor.mutated === mutant.mutated &&
    survivor.replacement === mutant.replacement &&
    (survivor.nth ?? 1) === mutant.nth
  );
}

/** As it is written into the list. */
function inWords({ file, line, in: around, mutated, replacement, nth }: Mutant): string {
  const fields = { file, in: around, mutated, replacement, ...(nth > 1 && { nth }) };
  return `line ${line}: ${JSON.stringify(fields)}`;
}
