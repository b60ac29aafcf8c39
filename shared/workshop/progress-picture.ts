/** The learner's way as a picture in the terminal. */

import { bold, dim, green } from "./paint.ts";
import type { StepOverview } from "./progress-overview.ts";

/** Lines of at most `columns` characters, colour not counted. `now` is for steps that are under way. */
export function drawProgress(
  steps: readonly StepOverview[],
  next: StepOverview | undefined,
  columns: number,
  now: Date,
): readonly string[] {
  const titleWidth = Math.max(12, columns - 33);
  const head = `${"".padEnd(titleWidth + 8)}${"plan".padStart(6)}  ${"you".padStart(6)}  hints`;
  return [
    bar(steps, columns),
    "",
    dim(head),
    ...steps.map((step) => row(step, titleWidth, now)),
    "",
    ...goOn(next, steps),
  ];
}

/** A block for each five minutes or so; what is solved is filled. */
function bar(steps: readonly StepOverview[], columns: number): string {
  const minutesOf = (chosen: readonly StepOverview[]): number =>
    chosen.reduce((sum, { minutes }) => sum + (minutes ?? 0), 0);
  const solved = steps.filter(({ state }) => state === "solved");
  const all = minutesOf(steps);
  const left = all - minutesOf(solved);
  const text = `  ${solved.length} of ${steps.length} steps, ${left === 0 ? "done" : `${duration(left)} to go`}`;
  const width = Math.max(10, columns - text.length - 2);
  const filled = all === 0 ? 0 : Math.round(((all - left) / all) * width);
  return `  ${green("█".repeat(filled))}${dim("░".repeat(width - filled))}${text}`;
}

function row(step: StepOverview, titleWidth: number, now: Date): string {
  const { id, title, minutes, state, hintsUsed } = step;
  const shown = title.length > titleWidth ? `${title.slice(0, titleWidth - 1)}…` : title;
  const columns = [
    (minutes === null ? "" : `${minutes} min`).padStart(6),
    spent(step, now).padStart(6),
    (hintsUsed === 0 ? "" : String(hintsUsed)).padStart(5),
  ].join("  ");
  const line = `${id.slice(0, 2)}  ${shown.padEnd(titleWidth)}  ${columns}`.trimEnd();
  if (state === "solved") return `  ${green("✔")} ${line}`;
  if (state === "new") return dim(`  · ${line}`);
  return bold(`  ${state === "changed" ? "~" : "▸"} ${line}`);
}

/** What was counted; before anybody counted, from opening the step to its first green run, or to now. */
function spent({ opened, solved, seconds }: StepOverview, now: Date): string {
  if (seconds !== null) return duration(Math.round(seconds / 60));
  if (opened === null) return "";
  const end = solved === null ? now.getTime() : Date.parse(solved);
  return duration(Math.max(0, Math.round((end - Date.parse(opened)) / 60_000)));
}

/** `52 min`, `1 h 52`, `3 days`: at most six characters up to 99 days. */
function duration(minutes: number): string {
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 24 * 60) {
    const hours = Math.floor(minutes / 60);
    return `${hours} h ${String(minutes % 60).padStart(2, "0")}`;
  }
  const days = Math.round(minutes / (24 * 60));
  return days === 1 ? "1 day" : `${days} days`;
}

function goOn(next: StepOverview | undefined, steps: readonly StepOverview[]): readonly string[] {
  const legend = [
    steps.some(({ state }) => state === "begun") ? "▸ begun" : "",
    steps.some(({ state }) => state === "changed")
      ? "~ was green, has changed since: run its tests again"
      : "",
  ].filter((text) => text !== "");
  const lines = legend.length === 0 ? [] : [dim(`  ${legend.join("   ")}`), ""];
  if (next === undefined) return [...lines, "  All steps are solved."];
  const { number, id, title, state } = next;
  return [
    ...lines,
    `  Next: ${bold(`${id.slice(0, 2)} · ${title}`)}`,
    state === "new"
      ? `  Read steps/${id}/README.md, write, and run npm test ${number}`
      : `  npm test ${number}, and when you are stuck npm run hint ${number}`,
  ];
}
