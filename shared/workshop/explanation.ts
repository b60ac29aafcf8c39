/** One failing test, told so that a learner knows what is wrong, where, what it costs, and what to do next. */

import { relative, sep } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { SerializedError, TestCase } from "vitest/node";
import type { Counterexample } from "../testing/law.ts";
import type { Story } from "../testing/story.ts";
import { adviceOn } from "./advice.ts";
import { labelled, wrapped } from "./labelled.ts";
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
  const { story, costs, counterexample } = test.meta();
  const verdict = verdictOf(errors);
  const chain = causes(errors[0] ?? { message: "" });
  const price = story?.costs ?? costs;
  const isJudged = verdict === "wrong" || verdict === "crashed" || verdict === "hanging";
  return [
    ...titled(
      verdict === "green" ? headings.wrong : headings[verdict],
      test.fullName.replaceAll(" > ", " › "),
    ),
    ...(counterexample && isJudged ? foundIn(counterexample) : []),
    ...(story && verdict !== "infrastructure" ? told(story) : []),
    ...whatHappened(step, verdict, chain),
    ...printed(logged),
    "",
    ...where(step, chain),
    ...(price !== undefined && isJudged ? labelled("costs", price) : []),
    ...nextMove(step, verdict),
    ...(counterexample && isJudged ? again(step, counterexample) : []),
  ].join("\n");
}

/** The text where a file did not load or a hook failed, so that no test could run. */
export function explainBrokenModule(step: Step, error: SerializedError): string {
  const verdict = verdictOf([error]);
  const heading =
    verdict === "infrastructure" ? headings.infrastructure : "CRASHED  before the tests could run";
  const chain = causes(error);
  return [
    heading,
    ...whatHappened(step, verdict, chain),
    "",
    ...where(step, chain),
    ...nextMove(step, verdict),
  ].join("\n");
}

/** The heading with a long name wrapped below it, for 80 columns. */
function titled(heading: string, name: string): readonly string[] {
  return wrapped(name, 78 - heading.length).map((line, index) =>
    index === 0 ? `${heading}  ${line}` : `${" ".repeat(heading.length + 2)}${line}`,
  );
}

function foundIn({ run, runs, shrinks }: Counterexample): readonly string[] {
  const smallest = shrinks > 0 ? `; the smallest, after ${shrinks} smaller ones` : "";
  return labelled("law", `broken by case ${run} of ${runs}${smallest}:`);
}

function again(step: Step, { replay }: Counterexample): readonly string[] {
  return [`  again   npm test ${step.number} -- --replay ${replay}`];
}

function told({ given, when, wanted }: Story): readonly string[] {
  return [
    ...(given === undefined ? [] : labelled("given", given)),
    ...labelled("when", when),
    ...labelled("then", wanted),
  ];
}

/** How many lines of a message or of a diff are shown: what a screen holds. */
const [longestMessage, longestDiff] = [16, 20];

function whatHappened(
  step: Step,
  verdict: Verdict,
  chain: readonly SerializedError[],
): readonly string[] {
  const diff = chain.find((link) => typeof link.diff === "string")?.diff;
  const hasDiff = typeof diff === "string";
  const messages = chain.map((error) => messageOf(error, hasDiff)).filter((text) => text !== "");
  const innermost = chain.at(-1)?.name ?? "an error without a message";
  const advice = adviceOn(verdict, chain);
  const lines = [
    ...(messages.length === 0 && !hasDiff ? [innermost] : messages),
    ...(advice === undefined ? [] : [advice]),
  ].flatMap((text) => text.split("\n"));
  const label = verdict === "wrong" ? "but" : "what";
  const compared = hasDiff ? shortened(diff.split("\n"), longestDiff, step) : [];
  return [
    ...labelled(label, shortened(lines, longestMessage, step).map(coloured)),
    // The diff begins beside the label where nothing else does.
    ...compared.map((line, index) => {
      const start = index === 0 && lines.length === 0 ? `  ${label.padEnd(8)}` : " ".repeat(10);
      return `${start}${coloured(line)}`.trimEnd();
    }),
  ];
}

function shortened(lines: readonly string[], most: number, step: Step): readonly string[] {
  if (lines.length <= most) return lines;
  const left = lines.length - most + 1;
  return [
    ...lines.slice(0, most - 1),
    `... ${left} more lines: npm test ${step.number} -- --vitest`,
  ];
}

/** The message; with the error's name where that says more than "an assertion failed". */
function messageOf({ name, message }: SerializedError, hasDiff: boolean): string {
  const isAssertion = name === "AssertionError";
  const text = message
    .replace(/ \/\/ Object\.is equality$/, "")
    // The diff below says it better. What the test calls the value stays.
    .replace(/(^|: )expected [\s\S]*$/, isAssertion && hasDiff ? "" : "$&")
    .trim();
  return name === undefined || isAssertion || name === "NotImplemented" || text === ""
    ? text
    : `${name}: ${text}`;
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
function where(step: Step, chain: readonly SerializedError[]): readonly string[] {
  const frames = chain.flatMap((error) => error.stacks ?? []);
  const inStep = frames.filter(({ file }) => file.includes(`/${step.id}/`));
  const frame = inStep.find(({ file }) => !file.endsWith(".test.ts")) ?? inStep[0];
  if (!frame) return [];
  return [`  where   ${relative(root, frame.file).split(sep).join("/")}:${frame.line}`];
}

function nextMove(step: Step, verdict: Verdict): readonly string[] {
  const hint = `npm run hint ${step.number}`;
  if (verdict === "infrastructure") {
    return ["  next    docker compose up -d, then run it again; or npm run doctor"];
  }
  if (verdict === "crashed") return [`  next    mend that line first; ${hint} helps with the task`];
  return [`  next    ${hint}    one nudge, then more each time`];
}
