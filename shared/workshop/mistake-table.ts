/** `npm run mistakes N -- --all`: each mistake on a few lines, with what catches it. */

import { mistakesOf } from "../mistakes/catalogue.ts";
import { groupsOf } from "./mistake-quiz.ts";
import { bold, dim } from "./paint.ts";
import { readProgress } from "./progress-file.ts";
import { stepHeading } from "./step-heading.ts";
import type { Step } from "./steps.ts";

export function printMistakes(chosen: readonly Step[]): void {
  const known = readProgress().steps;
  for (const { id } of chosen) {
    const mistakes = mistakesOf(id);
    if (mistakes.length === 0) continue;
    console.log(`\n${bold(stepHeading(id).line)}`);
    for (const mistake of mistakes) {
      const guess = known[id]?.guesses?.[mistake.id];
      const mark = guess === undefined ? " " : guess ? "✔" : "✘";
      console.log(`${mark} ${mistake.id}`);
      console.log(`    ${mistake.title}`);
      console.log(dim(`    caught by  ${groupsOf(mistake).join(", ")}`));
    }
  }
}
