/**
 * `npm test`: without a number the workshop checks itself (reference green, starters red, tools
 * green); with a number, or inside a step's folder, it tests the learner's step.
 *
 *   npm test                        the whole workshop
 *   npm test 4                      step 04, your code
 *   npm test 4 2                    only the tests of its task 2
 *   npm test 4 -- --replay ID:...   only the case of a law that a report has named
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
      replay: { type: "string" },
    },
  });
  const tree = treeNames.find((name) => name === values.tree);
  if (tree === undefined)
    throw new RangeError(`--tree is ${treeNames.join(", ")}; not "${values.tree}".`);
  const step = chosenStep(positionals);
  const task = taskIn(positionals);
  const replay = values.replay === undefined ? undefined : replayIn(values.replay);
  let green: boolean;
  if (step !== undefined && tree === "learner") {
    green = await testLearner(step, { plainVitest: values.vitest, task, replay });
  } else if (replay || task !== undefined) {
    throw new RangeError("A task or a case is of your own code of a step: npm test 4 2.");
  } else
    green = step || tree !== "learner" ? await testWorkshop(step, [tree]) : await testWorkshop();
  process.exitCode = green ? 0 : 1;
} catch (error) {
  if (!(error instanceof RangeError) && !(error instanceof TypeError && "code" in error))
    throw error;
  console.error(error.message);
  process.exitCode = 2;
}

function taskIn([, task, more]: readonly string[]): number | undefined {
  if (task === undefined) return undefined;
  if (more === undefined && /^\d+$/.test(task)) return Number(task);
  throw new RangeError(`"${more ?? task}" is one too many: npm test 4 2 is task 2 of step 4.`);
}

function replayIn(text: string): {
  readonly id: string;
  readonly seed: number;
  readonly path: string;
} {
  const [, id, seed, path] = /^([\w-]+):(-?\d+):(\d+(?::\d+)*)$/.exec(text) ?? [];
  if (id !== undefined && path !== undefined) return { id, seed: Number(seed), path };
  throw new RangeError(`--replay takes what a report has named, as pages:1735:0:4; not "${text}".`);
}
