/**
 * `npm run mutation 2`: thousands of small mistakes that nobody has chosen, one after the other, in the code
 * that a learner writes; the step's tests have to catch each, save those that are listed in survivors/.
 *
 *   npm run mutation            all steps, one after the other: it takes hours
 *   npm run mutation 2          step 02
 *   npm run mutation tools      wrong tools, some dozen chosen ones (tools.ts)
 */

import { parseArgs } from "node:util";
import { sweep } from "../shared/infrastructure/cleaning.ts";
import { chosenStep } from "../shared/workshop/arguments.ts";
import { runCommand } from "../shared/workshop/command.ts";
import { openLine } from "../shared/workshop/open-line.ts";
import { type Step, steps } from "../shared/workshop/steps.ts";
import { judge } from "./judgement.ts";
import { installPackages } from "./packages.ts";
import { withServers } from "./servers.ts";
import { mutate } from "./stryker.ts";
import { excusesOf } from "./survivors/catalogue.ts";
import { printRow, printTable, type Row } from "./table.ts";
import { serversFor } from "./targets.ts";
import { checkTools } from "./tools.ts";

/** In percent. Where time and servers play a part, more of what a mutant changes cannot be seen from outside. */
const bars: Readonly<Record<string, number>> = {
  "01-aggregate": 90,
  "02-replay": 90,
  "03-event-store": 80,
  "04-concurrency": 80,
  "05-command-handlers": 90,
  "06-publishing": 80,
  "07-consuming": 80,
  "08-projections": 80,
  "09-rebuild": 90,
  "10-snapshots": 90,
  "11-versioning": 90,
  "12-saga": 80,
  "13-cqrs-demo": 80,
};

await runCommand("npm run mutation 2, or npm run mutation for all steps", async () => {
  const { positionals } = parseArgs({ allowPositionals: true });
  const [first, ...words] = positionals;
  if (first === "tools") {
    process.exitCode = (await checkTools(words)) ? 0 : 1;
    return;
  }
  const step = chosenStep(positionals);
  await installPackages("mutation");
  const rows: Row[] = [];
  for (const each of step ? [step] : steps) rows.push(await tried(each));
  printTable(rows);
  process.exitCode = rows.every(({ judgement }) => judgement.faults.length === 0) ? 0 : 1;
});

async function tried(step: Step): Promise<Row> {
  const began = performance.now();
  const line = openLine();
  try {
    const mutants = await withServers(serversFor(step), (servers) =>
      mutate({ step, servers, line }),
    );
    line.clear();
    const bar = bars[step.id] ?? 90;
    const judgement = judge(mutants, excusesOf(step.id), bar);
    const row = { step, bar, judgement, minutes: (performance.now() - began) / 60_000 };
    printRow(row);
    return row;
  } finally {
    line.clear();
    // A mutant that never ends is killed with its worker, and what that had made is left to us.
    await sweep();
  }
}
