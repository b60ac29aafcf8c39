/**
 * `npm test`: without a number the workshop checks itself (reference green, starters red, tools
 * green); with a number, or inside a step's folder, it tests the learner's step.
 *
 *   npm test                        the whole workshop
 *   npm test 4                      step 04, your code
 *   npm test 4 -- --tree reference  step 04 against the reference (or: pristine)
 *   npm test -- --tree reference    all steps against the reference
 *   npm test 4 -- --vitest          Vitest's own output
 */

import { parseArgs } from "node:util";
import { chosenStep } from "./arguments.ts";
import { testLearner } from "./test-learner.ts";
import { testWorkshop } from "./test-workshop.ts";
import type { TreeName } from "./trees.ts";

const treeNames: readonly TreeName[] = ["learner", "reference", "pristine"];

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      tree: { type: "string", default: "learner" },
      vitest: { type: "boolean", default: false },
    },
  });
  const tree = treeNames.find((name) => name === values.tree);
  if (tree === undefined)
    throw new RangeError(`--tree is ${treeNames.join(", ")}; not "${values.tree}".`);
  const step = chosenStep(positionals);
  let green: boolean;
  if (step === undefined && tree === "learner") green = await testWorkshop();
  else if (step !== undefined && tree === "learner") green = await testLearner(step, values.vitest);
  else green = await testWorkshop(step, [tree]);
  process.exitCode = green ? 0 : 1;
} catch (error) {
  if (!(error instanceof RangeError) && !(error instanceof TypeError && "code" in error))
    throw error;
  console.error(error.message);
  process.exitCode = 2;
}
