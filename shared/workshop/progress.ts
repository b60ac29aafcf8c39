/**
 * `npm run progress`: all steps on one screen: what is solved, how long it took, how many hints.
 *
 * `npm run --silent progress -- --json` prints the same for scripts, in this shape, to which fields may
 * be added but from which none goes away while `format` is 1:
 *
 *   { "format": 1, "solved": 1, "total": 8, "next": 2 | null, "steps": [{
 *       "number": 1, "id": "01-aggregate", "title": "...", "minutes": 40 | null,
 *       "state": "solved" | "changed" | "begun" | "new",
 *       "opened": ISO instant | null, "tested": ... | null, "solved": ... | null,
 *       "hints": { "<task>": shown }, "hintsUsed": 3 }] }
 *
 * `changed` was green once, and its files have changed or a run was red since. `solved` in a step is when
 * it was first green.
 */

import { parseArgs } from "node:util";
import { runCommand } from "./command.ts";
import { readProgress } from "./progress-file.ts";
import { nextStep, overviewOf } from "./progress-overview.ts";
import { progressScreen } from "./progress-screen.ts";

await runCommand("npm run progress, or npm run --silent progress -- --json", () => {
  const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } });
  const steps = overviewOf(readProgress());
  const next = nextStep(steps);
  if (values.json) {
    const solved = steps.filter(({ state }) => state === "solved").length;
    const all = { format: 1, solved, total: steps.length, next: next?.number ?? null, steps };
    console.log(JSON.stringify(all, null, 2));
    return;
  }
  for (const line of progressScreen()) console.log(line);
});
