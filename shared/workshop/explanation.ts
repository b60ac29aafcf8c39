/** One failing test, told so that a learner knows what is wrong, where, and what to do next. */

import { relative, sep } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { SerializedError, TestCase } from "vitest/node";
import { root, type Step } from "./steps.ts";
import { causes, type Verdict, verdictOf } from "./verdict.ts";

const headings: Readonly<Record<Exclude<Verdict, "green">, string>> = {
  "not written yet": "NOT WRITTEN YET",
  wrong: "WRONG",
  crashed: "CRASHED",
  hanging: "TOO SLOW OR HANGING",
  infrastructure: "INFRASTRUCTURE (your code is not judged)",
};

/** The text for a failed test; `logged` is what the code printed meanwhile. */
export function explain(step: Step, test: TestCase, logged: readonly string[]): string {
  const errors = test.result().errors ?? [];
  const verdict = verdictOf(errors);
  const heading = verdict === "green" ? "WRONG" : headings[verdict];
  return [
    ...titled(heading, test.fullName.replaceAll(" > ", " › ")),
    ...errors.slice(0, 1).flatMap((error) => details(step, error)),
    ...printed(logged),
    `  next    ${nextMove(step, verdict)}`,
  ].join("\n");
}

/** The heading with a long name wrapped below it, for 80 columns. */
function titled(heading: string, name: string): readonly string[] {
  const lines = wordsWithin(name, 78 - heading.length);
  return lines.map((line, index) =>
    index === 0 ? `${heading}  ${line}` : `${" ".repeat(heading.length + 2)}${line}`,
  );
}

function wordsWithin(text: string, width: number): readonly string[] {
  return text.match(new RegExp(`\\S.{0,${Math.max(20, width) - 1}}(?=\\s|$)|\\S+`, "g")) ?? [text];
}

/** The text where a file did not load or a hook failed, so that no test could run. */
export function explainBrokenModule(step: Step, error: SerializedError): string {
  const verdict = verdictOf([error]);
  const heading =
    verdict === "infrastructure" ? headings.infrastructure : "CRASHED  before the tests could run";
  return [heading, ...details(step, error), `  next    ${nextMove(step, verdict)}`].join("\n");
}

function details(step: Step, error: SerializedError): readonly string[] {
  const chain = causes(error);
  const innermost = chain.at(-1) ?? error;
  const what = chain.map(told).filter((message) => message !== "");
  const lines = (
    what.length === 0 ? [innermost.name ?? "an error without a message"] : what
  ).flatMap((message) => message.split("\n").map(coloured));
  const shown = lines.slice(0, 24).map((line, index) => {
    if (partOfStory.test(line)) return `  ${line}`;
    return index === 0 ? `  what    ${line}` : `          ${line}`;
  });
  if (lines.length > 24)
    shown.push(
      `          ... ${lines.length - 24} more lines: npm test ${step.number} -- --vitest`,
    );
  const diff = chain.find((link) => typeof link.diff === "string")?.diff;
  const compared =
    typeof diff === "string"
      ? ["", ...shortened(diff.split("\n")).map((line) => `    ${coloured(line)}`), ""]
      : [];
  const where = learnersLine(step, chain);
  return [...shown, ...compared, ...(where === undefined ? [] : [`  where   ${where}`])];
}

/** A diff that a screen holds: its legend and its beginning. */
function shortened(diff: readonly string[]): readonly string[] {
  const most = 20;
  return diff.length <= most
    ? diff
    : [...diff.slice(0, most - 1), `... ${diff.length - most + 1} more lines`];
}

/** A line that `story` in shared/testing wrote; it has a label of its own. */
const partOfStory = /^(given {3}|when {4}|then {4}|costs {3}| {8})\S/;

/** The message; with the error's name where that says more than "an assertion failed". */
function told({ name, message, diff }: SerializedError): string {
  const text = message
    // After a story the diff is enough.
    .replace(/^((?:given|when) {3,}[\s\S]*): expected .*$/, typeof diff === "string" ? "$1" : "$&")
    .replace(/ \/\/ Object\.is equality$/, "")
    .replace(/^\s*Hint: Enable verbose mode.*$/m, "")
    .replace(/^(Counterexample: .{300}).*$/m, "$1 ...")
    .trim();
  const silent = name === undefined || /^(AssertionError|NotImplemented)$/.test(name);
  return silent || text.startsWith("Property failed") ? text : `${name}: ${text}`;
}

/** What the learner's code printed while the test ran. */
function printed(logged: readonly string[]): readonly string[] {
  const lines = logged.flatMap((text) => text.trimEnd().split("\n"));
  const shown = lines
    .slice(0, 12)
    .map((line, index) => `  ${index === 0 ? "printed" : "       "} ${coloured(line)}`);
  return lines.length > 12 ? [...shown, `          ... ${lines.length - 12} more lines`] : shown;
}

/** Colour only adds, and only where a person looks at a terminal. */
function coloured(text: string): string {
  const wanted = process.stdout.isTTY && (process.env.NO_COLOR ?? "") === "";
  return wanted ? text : stripVTControlCharacters(text);
}

/** The line in the learner's own file, else in the test. */
function learnersLine(step: Step, chain: readonly SerializedError[]): string | undefined {
  const frames = chain.flatMap((error) => error.stacks ?? []);
  const inStep = frames.filter(({ file }) => file.includes(`/${step.id}/`));
  const frame = inStep.find(({ file }) => !file.endsWith(".test.ts")) ?? inStep[0];
  return frame && `${relative(root, frame.file).split(sep).join("/")}:${frame.line}`;
}

function nextMove(step: Step, verdict: Verdict): string {
  if (verdict === "infrastructure")
    return "docker compose up -d, then run it again; or npm run doctor";
  const hint = `npm run hint ${step.number}`;
  if (verdict === "crashed") return `mend that line first; ${hint} helps with the task`;
  return `${hint}    one nudge, then more each time`;
}
