/** `npm run mistakes -- --check --times 20`: is each mistake caught each time, or by luck? */

import type { Reporter } from "vitest/node";
import { type Checked, howMany, makeMistakes, variantOf } from "./mistake-check.ts";
import { catchesOf, trialOf } from "./mistake-verdict.ts";
import { openLine } from "./open-line.ts";
import { dim, green, red } from "./paint.ts";
import { openTrials, type Run, type VitestSession } from "./run-vitest.ts";
import type { Step } from "./steps.ts";
import { trialFile } from "./variant-files.ts";

interface Tried extends Checked {
  readonly file: string;
  /** In how many rounds a test that it names was red. */
  caught: number;
  /** The same for each of these tests. */
  readonly byTest: Map<string, number>;
}

type Opening = (
  ...trials: Parameters<typeof openTrials>
) => Promise<Pick<VitestSession, "run" | "close">>;

/**
 * Runs on each mistake the tests that it names, `times` times. Prints a line for each round, then a
 * table; true when each mistake was caught each time.
 */
export async function checkMistakesOften(
  chosen: readonly Step[],
  ids: readonly string[],
  times: number,
  open: Opening = openTrials,
): Promise<boolean> {
  const all = makeMistakes(chosen, ids).map(
    (one): Tried => ({
      ...one,
      file: trialFile(variantOf(one)),
      caught: 0,
      byTest: new Map(one.mistake.caughtBy.map((name) => [name, 0])),
    }),
  );
  const possible = all.filter(({ faults }) => faults.length === 0);
  // One whose edit no longer applies has its line in the table, and nothing to run.
  if (possible.length > 0) await runRounds(possible, times, open);
  for (const one of all) for (const line of linesOf(one, times)) console.log(line);
  const missed = all.filter(({ caught }) => caught < times).length;
  const verdict = missed === 0 ? "each caught every time" : `${missed} not caught every time`;
  console.log(`\n${howMany(all)}, ${times === 1 ? "once" : `${times} times`}: ${verdict}.`);
  return missed === 0 && all.length > 0;
}

async function runRounds(possible: readonly Tried[], times: number, open: Opening): Promise<void> {
  const named = new Map(possible.map(({ file, mistake }) => [file, mistake.caughtBy]));
  const line = openLine();
  let ended = 0;
  const counter: Reporter = {
    onTestModuleEnd: () => {
      ended += 1;
      line.show(`  running ... ${ended} of ${possible.length}`);
    },
  };
  const session = await open(possible.map(variantOf), [counter]);
  try {
    for (let round = 1; round <= times; round++) {
      const started = performance.now();
      ended = 0;
      const laws = { isFirstEnough: true };
      const caught = count(possible, await session.run({ laws, named: (file) => named.get(file) }));
      const seconds = ((performance.now() - started) / 1000).toFixed(0);
      line.clear();
      const missed = possible.filter((one) => !caught.has(one)).map(nameOf);
      const without = missed.length === 0 ? "" : `, without ${missed.join(", ")}`;
      const counts = `${caught.size} of ${possible.length} caught${without}`;
      console.log(dim(`  round ${round}: ${counts}, in ${seconds} s`));
    }
  } finally {
    await session.close();
  }
}

/** Counts what a round has caught, and returns it. */
function count(tried: readonly Tried[], { modules }: Run): ReadonlySet<Tried> {
  const caught = tried.filter((one) => {
    const own = modules.filter(({ moduleId }) => moduleId === one.file);
    const catches = catchesOf(one.mistake, trialOf(own));
    for (const name of catches) one.byTest.set(name, (one.byTest.get(name) ?? 0) + 1);
    if (catches.length > 0) one.caught += 1;
    return catches.length > 0;
  });
  return new Set(caught);
}

const nameOf = ({ step, mistake }: Tried): string => `${step.id.slice(0, 2)} ${mistake.id}`;

function linesOf({ step, mistake, faults, caught, byTest }: Tried, times: number): string[] {
  const mark = caught === times ? green("✔") : red("✘");
  const [most] = [...byTest].sort(([, a], [, b]) => b - a);
  const luck = [...byTest].filter(([, reds]) => reds < times);
  return [
    `${mark} ${step.id.slice(0, 2)}  ${mistake.id.padEnd(42)} ${caught} of ${times}  ${most?.[0]}`,
    ...faults.map((fault) => `    ${fault.replaceAll("\n", "\n    ")}`),
    ...luck.map(([name, reds]) => dim(`    ${reds} of ${times}: ${name}`)),
  ];
}
