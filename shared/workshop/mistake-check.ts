/** `npm run mistakes -- --check`: makes every mistake, and asks whether the tests that it names catch it. */

import type { Reporter, TestModule } from "vitest/node";
import { describeInfrastructure } from "../infrastructure/ladder.ts";
import { mistakesOf } from "../mistakes/catalogue.ts";
import type { Mistake } from "../mistakes/mistake.ts";
import { MistakeDoesNotApply, writeMistake } from "./mistake-files.ts";
import { faultsOf, trialOf } from "./mistake-verdict.ts";
import { dim, green, red } from "./paint.ts";
import { type Run, type RunOptions, runVitest } from "./run-vitest.ts";
import type { Step } from "./steps.ts";
import { trialFile, type Variant, writeTrial } from "./variant-files.ts";

export interface Checked {
  readonly step: Step;
  readonly mistake: Mistake;
  /** Why it is not as it must be; nothing where it is. */
  readonly faults: readonly string[];
}

/** Prints a table and a last line; true when each mistake is caught by the tests that it names, and no others. */
export async function checkMistakes(
  chosen: readonly Step[],
  ids: readonly string[],
  runTests: (options: RunOptions) => Promise<Run> = runVitest,
): Promise<boolean> {
  const started = performance.now();
  const checked = await tried(makeMistakes(chosen, ids), runTests);
  printTable(checked);
  const bad = checked.filter(({ faults }) => faults.length > 0);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(`\n${describeInfrastructure()}`.trimEnd());
  console.log(
    `${howMany(checked)} in ${seconds} s: ${
      bad.length === 0
        ? "each caught by the tests that it names"
        : `${bad.length} not as they must be`
    }.`,
  );
  return bad.length === 0 && checked.length > 0;
}

export function howMany(mistakes: readonly unknown[]): string {
  return mistakes.length === 1 ? "1 mistake" : `${mistakes.length} mistakes`;
}

/** Writes the steps with each of the mistakes, all of them where no id is named. */
export function makeMistakes(chosen: readonly Step[], ids: readonly string[]): readonly Checked[] {
  return chosen.flatMap((step) =>
    mistakesOf(step.id)
      .filter((mistake) => ids.length === 0 || ids.includes(mistake.id))
      .map((mistake) => ({ step, mistake, faults: faultsInMaking(step, mistake) })),
  );
}

export function variantOf({ step, mistake }: Pick<Checked, "step" | "mistake">): Variant {
  return { kind: "mistakes", step: step.id, id: mistake.id };
}

function faultsInMaking(step: Step, mistake: Mistake): readonly string[] {
  try {
    writeMistake(step.id, mistake);
    writeTrial(variantOf({ step, mistake }), mistake.triedBy);
    return [];
  } catch (error) {
    if (error instanceof MistakeDoesNotApply) return [error.message];
    throw error;
  }
}

/** All in one run of Vitest, with a process each. */
async function tried(
  made: readonly Checked[],
  runTests: (options: RunOptions) => Promise<Run>,
): Promise<readonly Checked[]> {
  const possible = made.filter(({ faults }) => faults.length === 0);
  if (possible.length === 0) return made;
  const { modules } = await runTests({
    trees: [],
    trials: possible.map(variantOf),
    reporters: [progressReporter(possible)],
    laws: { isFirstEnough: true },
  });
  return made.map((one) => {
    if (one.faults.length > 0) return one;
    const own = modules.filter(({ moduleId }) => moduleId === trialFile(variantOf(one)));
    return { ...one, faults: faultsOf(one.mistake, trialOf(own)) };
  });
}

/** A line for each mistake that was tried. */
function progressReporter(tried: readonly Checked[]): Reporter {
  const files = new Map(
    tried.map((one) => [trialFile(variantOf(one)), `${one.step.id}/${one.mistake.id}`]),
  );
  let done = 0;
  return {
    onTestModuleEnd({ moduleId }: TestModule) {
      done += 1;
      const name = files.get(moduleId) ?? moduleId;
      console.log(dim(`  ${String(done).padStart(3)} of ${files.size}  ${name}`));
    },
  };
}

function printTable(checked: readonly Checked[]): void {
  const width = Math.max(0, ...checked.map(({ mistake }) => mistake.id.length));
  for (const { step, mistake, faults } of checked) {
    const mark = faults.length === 0 ? green("✔") : red("✘");
    const [first = "", ...more] = mistake.caughtBy;
    const others = more.length === 0 ? "" : dim(` and ${more.length} more`);
    console.log(`${mark} ${step.id.slice(0, 2)}  ${mistake.id.padEnd(width)}  ${first}${others}`);
    for (const fault of faults) console.log(`    ${fault.replaceAll("\n", "\n    ")}`);
  }
}
