/** The doctor's findings as a table that fits any terminal. */

import type { Finding } from "./doctor-finding.ts";
import { bold, dim, green, red } from "./paint.ts";

const columns = 80;

/** The table, a line each: the mark, what it is about, what was found, and below that what to do. */
export function drawFindings(findings: readonly Finding[]): readonly string[] {
  const width = Math.max(0, ...findings.map(({ about }) => about.length));
  const indent = width + 4;
  return findings.flatMap((finding) => {
    const [first = "", ...rest] = wrapped(finding.found, columns - indent);
    const head = `${marks[finding.mark]} ${finding.about.padEnd(width)}  ${first}`.trimEnd();
    const more = rest.map((line) => `${" ".repeat(indent)}${line}`);
    if (finding.mark === "fine") return [head, ...more];
    const remedy = wrapped(finding.remedy, columns - indent - 2);
    const todo = remedy.map(
      (line, index) => `${" ".repeat(indent)}${index === 0 ? "→" : " "} ${line}`,
    );
    return [head, ...more, ...todo.map(finding.mark === "stopping" ? bold : dim)];
  });
}

/** The last line: whether the learner can begin. */
export function verdictOn(findings: readonly Finding[]): string {
  const toMend = findings.filter(({ mark }) => mark === "stopping").length;
  if (toMend === 0) return "You are ready: npm start.";
  return `${toMend} ${toMend === 1 ? "thing" : "things"} to mend first (✘).`;
}

const marks = { fine: green("✔"), notable: bold("!"), stopping: red("✘") } as const;

/** A word that is longer than a line, as a path may be, is cut. */
function wrapped(text: string, width: number): readonly string[] {
  const fitting = new RegExp(`\\S.{0,${width - 1}}(?=\\s|$)|\\S{1,${width}}`, "g");
  return text.match(fitting) ?? [];
}
