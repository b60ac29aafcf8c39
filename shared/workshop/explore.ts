/**
 * `npm run explore N`: tries the laws of your step on cases that nobody has chosen, for a minute or
 * for `-- --seconds 300`, and stops at the first that breaks one. What breaks is printed with the
 * command that replays it.
 */

import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import type { Reporter, TestCase } from "vitest/node";
import { describeInfrastructure } from "../infrastructure/ladder.ts";
import { requiredStep } from "./arguments.ts";
import { runCommand } from "./command.ts";
import { hasBroken, whatWasMissed } from "./exploration.ts";
import { listener } from "./listener.ts";
import { openLine } from "./open-line.ts";
import { openVitest, testsOf } from "./run-vitest.ts";
import { reportOf } from "./step-report.ts";
import type { Step } from "./steps.ts";
import { watchdog } from "./watchdog.ts";
import { whoseCode } from "./whose-code.ts";

await runCommand("npm run explore 4, or npm run explore 4 -- --seconds 300", async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: "string", default: "60" },
      tree: { type: "string", default: "learner" },
    },
  });
  const step = requiredStep(positionals, "npm run explore");
  const [, extra] = positionals;
  if (extra !== undefined) {
    throw new RangeError(`"${extra}" is no step. For how long is said as -- --seconds 300`);
  }
  const seconds = Number(values.seconds);
  if (!(seconds > 0))
    throw new RangeError(`--seconds is a number above 0; not "${values.seconds}".`);
  if (values.tree !== "learner" && values.tree !== "reference") {
    throw new RangeError(`--tree is learner or reference; not "${values.tree}".`);
  }
  process.exitCode = (await explore(step, seconds, values.tree)) ? 0 : 1;
});

/** True when every law has held until the time was over. */
async function explore(
  step: Step,
  seconds: number,
  tree: "learner" | "reference",
): Promise<boolean> {
  console.log(`${whoseCode(step).join("\n")}\n`);
  const started = Date.now();
  const until = started + seconds * 1000;
  const line = openLine();
  /** How many cases of each law were tried, by its name. */
  const tried = new Map<string, number>();
  let rounds = 0;
  const count: Reporter = {
    onTestCaseResult(test: TestCase) {
      tried.set(test.fullName, (tried.get(test.fullName) ?? 0) + (test.meta().cases ?? 0));
      line.show(progress());
    },
  };
  const progress = (): string => {
    const spent = Math.min(seconds, (Date.now() - started) / 1000);
    const cases = [...tried.values()].reduce((sum, each) => sum + each, 0);
    const turns = rounds === 1 ? "1 round" : `${rounds} rounds`;
    return `${cases.toLocaleString("en")} cases in ${turns} · ${spent.toFixed(0)} of ${seconds} s`;
  };
  const logged = new Map<string, string[]>();
  const guard = watchdog(step, (text) => {
    line.end();
    console.error(text);
    process.exit(1);
  });
  const session = await openVitest([tree], step, [listener(logged), count, guard]);
  try {
    while (Date.now() < until) {
      rounds += 1;
      logged.clear();
      const laws = { explore: { seed: randomInt(2 ** 31), until } };
      const run = await session.run({ laws, files: (file) => file.includes(".property.") });
      if (run.modules.flatMap(testsOf).length === 0) {
        throw new RangeError(`Step ${step.number} has no laws to explore: did its tests load?`);
      }
      if (hasBroken(run)) {
        line.show(progress());
        line.end();
        const report = reportOf(step, run, logged, "part");
        const servers = describeInfrastructure();
        console.log(`${servers === "" ? "" : `${servers}\n`}\n${report.lines.join("\n")}`);
        return false;
      }
    }
    const missed = whatWasMissed(tried);
    line.show(`${progress()}${missed === undefined ? " · every law held" : ""}`);
    line.end();
    if (missed !== undefined) console.log(missed);
    return missed === undefined;
  } finally {
    await session.close();
  }
}
