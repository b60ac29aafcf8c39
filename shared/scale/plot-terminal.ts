/** Throughput and lag as a picture of characters: a column for each bucket, at most 80 wide. */

import type { Bucket } from "./samples.ts";

/** Each row is about twice the one below: what matters is whether it is 5 ms or 50. */
const thresholds = [2_000, 1_000, 500, 200, 100, 50, 20, 10, 5, 2];
const eighths = " ▁▂▃▄▅▆▇█";

export function plotInTerminal(buckets: readonly Bucket[]): readonly string[] {
  const highest = Math.max(1, ...buckets.map(({ perSecond }) => perSecond));
  const bar = ({ perSecond }: Bucket): string =>
    eighths[Math.round((perSecond / highest) * 8)] ?? " ";
  const cell =
    (threshold: number) =>
    ({ p50 = 0, p99 = 0 }: Bucket): string =>
      p50 >= threshold ? "█" : p99 >= threshold ? "░" : " ";
  const last = buckets.at(-1)?.second ?? 0;
  const axis = `0 s${`${last} s`.padStart(Math.max(5, buckets.length - 3))}`;
  return [
    `  command to visible read model: █ the median, ░ 99 of 100`,
    ...thresholds.map((threshold) =>
      `${`${threshold} ms`.padStart(9)} ┤${buckets.map(cell(threshold)).join("")}`.trimEnd(),
    ),
    `${"".padStart(9)} └${"─".repeat(buckets.length)}`,
    `${`${Math.round(highest)} /s`.padStart(9)} ┤${buckets.map(bar).join("")}`,
    `${"".padStart(11)}${axis}`,
  ];
}
