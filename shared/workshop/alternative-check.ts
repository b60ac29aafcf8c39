/** `npm run solution -- --alternatives --check`: are other right solutions green under the same tests? */

import type { Reporter } from "vitest/node";
import type { Alternative } from "../alternatives/alternative.ts";
import { alternativesOf } from "../alternatives/catalogue.ts";
import { describeInfrastructure } from "../infrastructure/ladder.ts";
import { writeAlternative } from "./alternative-files.ts";
import { openLine } from "./open-line.ts";
import { green, red } from "./paint.ts";
import { runVitest, testsOf } from "./run-vitest.ts";
import type { Step } from "./steps.ts";
import { errorsAround, errorsOf } from "./thrown.ts";
import { trialFile, type Variant, writeTrial } from "./variant-files.ts";

interface Listed {
  readonly step: Step;
  readonly alternative: Alternative;
}

/** Prints a line for each, and all that is red; true when nothing is. */
export async function checkAlternatives(chosen: readonly Step[]): Promise<boolean> {
  const started = performance.now();
  const all = chosen.flatMap((step) =>
    alternativesOf(step.id).map((alternative): Listed => ({ step, alternative })),
  );
  if (all.length === 0) throw new RangeError("There is no alternative to check.");
  for (const one of all) {
    writeAlternative(one.step.id, one.alternative);
    writeTrial(variantOf(one));
  }
  const { modules, errors } = await runVitest({
    trees: [],
    trials: all.map(variantOf),
    reporters: [counter()],
  });
  const faulty = all.filter((one) => {
    const own = modules.filter(({ moduleId }) => moduleId === trialFile(variantOf(one)));
    const tests = own.flatMap(testsOf);
    const failed = tests.filter((test) => test.result().state !== "passed");
    const faults = [
      ...own.flatMap(errorsAround).map(({ message }) => message),
      ...failed.map((test) => `${test.fullName}: ${errorsOf(test)[0]?.message ?? "?"}`),
      ...(tests.length === 0 ? ["no test ran"] : []),
    ];
    const mark = faults.length === 0 ? green("✔") : red("✘");
    console.log(`${mark} ${one.step.id}/${one.alternative.id}  ${tests.length} tests`);
    for (const fault of faults) console.log(`    ${fault.replaceAll("\n", "\n    ")}`);
    return faults.length > 0;
  });
  for (const { message } of errors) console.log(`${red("✘")} outside any test: ${message}`);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(`\n${describeInfrastructure()}`.trimEnd());
  const verdict = faulty.length === 0 ? "all of them green" : `${faulty.length} not green`;
  console.log(`${all.length} alternatives in ${seconds} s: ${verdict}.`);
  return faulty.length === 0 && errors.length === 0;
}

function variantOf({ step, alternative }: Listed): Variant {
  return { kind: "alternatives", step: step.id, id: alternative.id };
}

function counter(): Reporter {
  const line = openLine();
  let ended = 0;
  return {
    onTestCaseResult: () => {
      ended += 1;
      line.show(`running ... ${ended} tests`);
    },
    onTestRunEnd: () => line.clear(),
  };
}
