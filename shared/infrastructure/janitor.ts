/** Cleans up by one ledger after a process that has no event loop any more. Started by `run.ts`. */

import { cleanUpAfterInterruption } from "./cleaning.ts";

const [file] = process.argv.slice(2);
if (file === undefined) throw new TypeError("The janitor needs the path of a ledger.");
setTimeout(() => process.exit(1), 20_000).unref(); // the next run sweeps what is left
for (const problem of await cleanUpAfterInterruption(file)) {
  process.stderr.write(`Left for the next run to clean up: ${problem}\n`);
}
