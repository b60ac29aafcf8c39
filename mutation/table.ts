/** Prints what became of the mutants. */

import { bold, dim, green, red } from "../shared/workshop/paint.ts";
import type { Step } from "../shared/workshop/steps.ts";
import type { Judgement } from "./judgement.ts";

export interface Row {
  readonly step: Step;
  readonly bar: number;
  readonly judgement: Judgement;
  readonly minutes: number;
}

/** One line for a step, and below it what is not as it must be. */
export function printRow({ step, judgement, minutes }: Row): void {
  const { killed, timeouts, survived, score, faults } = judgement;
  const mark = faults.length === 0 ? green("✔") : red("✘");
  const late = timeouts > 0 ? `, ${timeouts} by a time limit` : "";
  console.log(
    `${mark} ${step.id}  ${killed + timeouts} killed${late}, ${survived} survived, ${score.toFixed(1)} %` +
      dim(`  ${minutes.toFixed(1)} min`),
  );
  for (const fault of faults) console.log(`  ${red("✘")} ${fault.replaceAll("\n", "\n      ")}`);
}

/** A line for each step. */
export function printTable(rows: readonly Row[]): void {
  const head = ["step", "killed", "survived", "listed", "equivalent", "raw", "score", "bar"];
  const lines = rows.map(({ step, bar, judgement }) => {
    const { killed, timeouts, survived, listed, equivalent, rawScore, score } = judgement;
    const counts = [killed + timeouts, survived, listed, equivalent].map(String);
    return [step.id, ...counts, `${rawScore.toFixed(1)} %`, `${score.toFixed(1)} %`, `${bar} %`];
  });
  const widths = head.map((title, column) =>
    Math.max(title.length, ...lines.map((cells) => cells[column]?.length ?? 0)),
  );
  const aligned = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ");
  console.log(`\n${bold(aligned(head))}`);
  for (const cells of lines) console.log(aligned(cells));
}
