/** The same picture as an SVG file that a browser or a README shows: two panels over one time axis. */

import type { Bucket } from "./samples.ts";

const [width, left, right] = [760, 60, 20];
const lag = { top: 50, height: 220 };
const rate = { top: 320, height: 90 };
const [fastest, slowest] = [1, 2_000];

export function plotAsSvg(title: string, buckets: readonly Bucket[]): string {
  const x = (index: number): number =>
    left + ((index + 0.5) * (width - left - right)) / Math.max(1, buckets.length);
  const y = (milliseconds: number): number => {
    const part = Math.log(Math.max(fastest, Math.min(slowest, milliseconds)) / fastest);
    return lag.top + lag.height * (1 - part / Math.log(slowest / fastest));
  };
  const highest = Math.max(1, ...buckets.map(({ perSecond }) => perSecond));
  const line = (values: readonly (number | undefined)[]): string =>
    values
      .flatMap((value, index) =>
        value === undefined ? [] : [`${round(x(index))},${round(y(value))}`],
      )
      .join(" ");
  const barWidth = Math.max(1, (width - left - right) / Math.max(1, buckets.length) - 1);
  const bottom = rate.top + rate.height;
  const grid = [1, 10, 100, 1_000].map(
    (each) =>
      `<path class="grid" d="M${left} ${round(y(each))}H${width - right}"/>` +
      `<text x="${left - 8}" y="${round(y(each) + 4)}" text-anchor="end">${each} ms</text>`,
  );
  const bars = buckets.map(({ perSecond }, index) => {
    const height = (perSecond / highest) * rate.height;
    return `<rect x="${round(x(index) - barWidth / 2)}" y="${round(bottom - height)}" width="${round(barWidth)}" height="${round(height)}"/>`;
  });
  const seconds = buckets.at(-1)?.second ?? 0;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} 440" role="img" aria-label="${escaped(title)}">
<style>
  text { font: 12px system-ui, sans-serif; fill: #667 } .title { font-size: 15px; fill: #334 }
  .grid { stroke: #ccd; stroke-width: 1 } .lag { fill: none; stroke-width: 2 }
  .p50 { stroke: #0a7 } .p99 { stroke: #c60 } rect { fill: #69c }
  @media (prefers-color-scheme: dark) { text { fill: #99a } .title { fill: #dde } .grid { stroke: #445 } }
</style>
<text class="title" x="${left}" y="24">${escaped(title)}</text>
<text x="${width - right}" y="24" text-anchor="end">green: median · orange: 99 of 100</text>
${grid.join("\n")}
<polyline class="lag p50" points="${line(buckets.map(({ p50 }) => p50))}"/>
<polyline class="lag p99" points="${line(buckets.map(({ p99 }) => p99))}"/>
<text x="${left}" y="${rate.top - 10}">commands a second, ${Math.round(highest)} at the most</text>
${bars.join("\n")}
<text x="${left}" y="${bottom + 18}">0 s</text>
<text x="${width - right}" y="${bottom + 18}" text-anchor="end">${seconds} s</text>
</svg>
`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
