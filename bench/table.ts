/** Prints what was measured. */

import type { Measured } from "./measure.ts";

/** One line for each variant; the second one is held against the bar. */
export function printTable(title: string, measured: readonly Measured[], bar: number): void {
  console.log(`\n${title}`);
  measured.forEach(({ name, perSecond, ratio }, index) => {
    const speed = Math.round(perSecond).toLocaleString("en").padStart(12);
    const judged = index === 1 ? `  ${ratio >= bar ? "✔" : "✘"} bar ${bar}` : "";
    console.log(`  ${name.padEnd(28)}${speed} /s${ratio.toFixed(2).padStart(8)}${judged}`);
  });
}
