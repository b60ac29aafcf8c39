/** `npm run starters [N]`: writes the generated starters into steps/, over what is there. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startersOf } from "./starter.ts";
import { root, stepNumbered, steps } from "./steps.ts";

const chosen = process.argv[2] === undefined ? steps : [stepNumbered(Number(process.argv[2]))];
for (const step of chosen) {
  const starters = startersOf(step.id);
  for (const { name, text } of starters) writeFileSync(join(root, "steps", step.id, name), text);
  console.log(`${step.id}: ${starters.map(({ name }) => name).join(", ")}`);
}
