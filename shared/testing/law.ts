/**
 * A property test: a law that holds for all values of its kind. A broken law is told by the smallest
 * case that was found, which one command replays.
 */

import fc from "fast-check";
import { inject, it, type TestContext } from "vitest";
import type { Story } from "./story.ts";

export interface Law<Values extends unknown[]> {
  /** Where the values come from. */
  readonly given: readonly [...{ [Index in keyof Values]: fc.Arbitrary<Values[Index]> }];
  /** How many cases are tried. */
  readonly runs: number;
  /** Throws, or rejects, where the law does not hold for the values. */
  holds(...values: Values): void | Promise<void>;
  /** One case in the domain's words. */
  story(...values: Values): Story;
  /** Chooses the cases: the same number gives the same cases, on any machine. */
  readonly seed?: number;
  /** For cases that take long: the first that is found is told, no smaller one is looked for. */
  readonly endOnFailure?: boolean;
}

/** What the runner asks of the laws, instead of each law's own seed. */
export interface LawSettings {
  /** Just one case of one law; the others are skipped. */
  readonly replay?: { readonly id: string; readonly seed: number; readonly path: string };
  /** Nobody reads the case that breaks a law: the first will do, no smaller one is looked for. */
  readonly isFirstEnough?: boolean;
  /** Other cases, until then (milliseconds since 1970). */
  readonly explore?: { readonly seed: number; readonly until: number };
}

export interface Counterexample {
  /** Which case failed, counted from 1, and of how many. */
  readonly run: number;
  readonly runs: number;
  readonly shrinks: number;
  /** What `--replay` takes: `pages:1735:0:4:1`. */
  readonly replay: string;
}

declare module "vitest" {
  interface ProvidedContext {
    readonly laws: LawSettings;
  }
  interface TaskMeta {
    counterexample?: Counterexample;
    /** How many cases of a law were tried. */
    cases?: number;
  }
}

/** How many milliseconds smaller cases are looked for, at the most: a learner waits for the answer. */
const longestShrinking = 5_000;

/** Declares the test of a law. `id` is a word that no other law of the step has, for `--replay`. */
export function law<Values extends unknown[]>(id: string, title: string, law: Law<Values>): void {
  // Vitest alone, as an editor starts it, provides nothing.
  const { replay, explore, isFirstEnough = false }: LawSettings = inject("laws") ?? {};
  it.skipIf(replay !== undefined && replay.id !== id)(title, async (context) => {
    const { task, signal, onTestFailed } = context;
    let current: Values | undefined;
    // A case that never ends is not reported by fast-check.
    onTestFailed(() => {
      if (task.meta.counterexample === undefined && current)
        task.meta.story = law.story(...current);
    });
    // And Vitest must not end the test meanwhile, as one that hangs.
    const lastShrinking = performance.now() + task.timeout * 0.7;
    let shrinkingEnds = Number.POSITIVE_INFINITY;
    const property = fc.asyncProperty(fc.tuple<Values>(...law.given), async (values) => {
      if (signal.aborted) throw signal.reason;
      // The smaller cases that are left count as if the law held for them: the smallest so far is told.
      if (performance.now() > shrinkingEnds) return;
      current = values;
      try {
        await law.holds(...values);
      } catch (error) {
        const enough = performance.now() + longestShrinking;
        shrinkingEnds = Math.min(shrinkingEnds, enough, lastShrinking);
        throw error;
      }
    });
    await fc.assert(property, {
      ...casesOf(law),
      asyncReporter: async (details) => report(id, law, details, context, replay !== undefined),
    });
  });

  function casesOf({
    seed = 1,
    runs,
    endOnFailure = isFirstEnough,
  }: Law<Values>): fc.Parameters<[Values]> {
    if (replay) {
      return { seed: replay.seed, path: replay.path, numRuns: 1, endOnFailure: true };
    }
    if (!explore) return { seed, numRuns: runs, endOnFailure };
    const interruptAfterTimeLimit = Math.max(1, explore.until - Date.now());
    return { seed: explore.seed, numRuns: runs, endOnFailure, interruptAfterTimeLimit };
  }
}

/** Throws what the smallest case threw, so that it is judged as any other test's error. */
function report<Values extends unknown[]>(
  id: string,
  law: Law<Values>,
  details: fc.RunDetails<[Values]>,
  { task, skip }: TestContext,
  isReplay: boolean,
): void {
  task.meta.cases = details.numRuns;
  if (details.interrupted && details.numRuns === 0) skip("the time to explore was over");
  if (!details.failed) return;
  const { counterexample, counterexamplePath, errorInstance, numRuns, numShrinks, seed } = details;
  if (counterexample === null) throw new Error(fc.defaultReportMessage(details));
  task.meta.story = law.story(...counterexample[0]);
  task.meta.counterexample = {
    run: numRuns,
    runs: isReplay ? numRuns : law.runs,
    shrinks: numShrinks,
    replay: `${id}:${seed}:${counterexamplePath}`,
  };
  throw errorInstance ?? new Error(fc.defaultReportMessage(details));
}
