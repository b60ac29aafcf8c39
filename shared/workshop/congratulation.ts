/** What is said when a step has turned green: the point of its debrief, what to compare, where to go. */

import { join } from "node:path";
import { readIfThere } from "./disk.ts";
import { bold, green } from "./paint.ts";
import { stepHeading } from "./step-heading.ts";
import { root as here, type Step } from "./steps.ts";
import { renderMarkdown } from "./terminal-markdown.ts";

/** Lines for a terminal of `columns`; `next` is the step to go on with. */
export function congratulation(
  step: Step,
  next: Step | undefined,
  columns: number,
  root: string = here,
): readonly string[] {
  const width = columns - 10;
  const labelled = (label: string, text: string): readonly string[] =>
    renderMarkdown(text, width).map((line, index) =>
      `  ${index === 0 ? label.padEnd(8) : "        "}${line}`.trimEnd(),
    );
  const point = firstQuestion(step.id, root);
  return [
    green(bold(`Step ${step.id} is green.`)),
    "",
    ...(point === undefined ? [] : labelled("debrief", point)),
    ...labelled("compare", "s shows how your code differs from the reference"),
    ...labelled(
      "next",
      next === undefined
        ? "that was the last step; l shows which are open, and npm run demo puts them all together"
        : `n goes on with ${stepHeading(next.id, root).line}`,
    ),
  ];
}

/** The first point of the README's debrief. */
function firstQuestion(stepId: string, root: string): string | undefined {
  const readme = readIfThere(join(root, "steps", stepId, "README.md"))?.toString("utf8") ?? "";
  const [, debrief = ""] = /^## Debrief\n([\s\S]*)/m.exec(readme.replaceAll("\r\n", "\n")) ?? [];
  return /^- ([\s\S]*?)(?=\n- |\n\n|$(?![\s\S]))/m.exec(debrief)?.[1]?.replaceAll(/\n\s+/g, " ");
}
