/** `npm start` and `npm run progress`: where the learner is, and what comes next. */

import { solvedSteps } from "./progress-file.ts";
import { progressLine } from "./progress-line.ts";
import { steps } from "./steps.ts";

const solved = solvedSteps();
for (const { id } of steps) console.log(`  ${solved.has(id) ? "✔" : "·"} ${id}`);
console.log(`\n${progressLine()}`);
const next = steps.find(({ id }) => !solved.has(id));
if (next)
  console.log(
    `Read steps/${next.id}/README.md, then write code until npm test ${next.number} is green.`,
  );
