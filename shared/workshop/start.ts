/**
 * `npm start`: the guided mode. It watches the step's folder, tests after each save, explains one red
 * test, and has a key for everything else. `npm start 4` begins with step 04. Without a terminal it
 * prints the progress.
 */

import { parseArgs } from "node:util";
import { chosenStep } from "./arguments.ts";
import { runCommand } from "./command.ts";
import { guide } from "./guide.ts";
import { readProgress } from "./progress-file.ts";
import { nextStep, overviewOf } from "./progress-overview.ts";
import { progressScreen } from "./progress-screen.ts";
import { root, steps } from "./steps.ts";
import { claimWatch } from "./watch-claim.ts";

await runCommand("npm start, or npm start 4", async () => {
  const { positionals } = parseArgs({ allowPositionals: true });
  const asked = chosenStep(positionals);
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    for (const line of progressScreen()) console.log(line);
    return;
  }
  const next = nextStep(overviewOf(readProgress()));
  const first = asked ?? steps.find(({ id }) => id === next?.id) ?? steps[0];
  if (!first) throw new RangeError("There are no steps here: is the clone complete?");
  claimWatch(root);
  await guide(first);
  process.exit(0);
});
