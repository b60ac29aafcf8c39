/** One failing test, told so that a learner knows what is wrong, where, what it costs, and what to do next. */

import type { SerializedError, TestCase } from "vitest/node";
import type { Counterexample } from "../testing/law.ts";
import type { Stall } from "../testing/stall-thread.ts";
import type { Story } from "../testing/story.ts";
import { tasksByTitle } from "./hints.ts";
import { labelled, wrapped } from "./labelled.ts";
import { outermostTitle } from "./run-vitest.ts";
import type { Step } from "./steps.ts";
import { errorsOf } from "./thrown.ts";
import { causes, type Verdict, verdictOf } from "./verdict.ts";
import { coloured, whatHappened } from "./what-happened.ts";
import { placeIn, where } from "./whereabouts.ts";

const headings: Readonly<Record<Exclude<Verdict, "green">, string>> = {
  "not written yet": "NOT WRITTEN YET",
  wrong: "WRONG",
  crashed: "CRASHED",
  hanging: "TOO SLOW OR HANGING",
  infrastructure: "INFRASTRUCTURE (your code is not judged)",
};

/** The text for a failed test; `logged` is what the code printed meanwhile. */
export function explain(step: Step, test: TestCase, logged: readonly string[]): string {
  const errors = errorsOf(test);
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
    ...whatHappened(step, verdict, chain, counterexample && again(step, counterexample)),
    ...printed(logged),
    "",
    ...where(step, chain, taskOf(step, test)),
    ...(price !== undefined && isJudged ? labelled("costs", price) : []),
    ...nextMove(step, verdict),
    ...(counterexample && isJudged ? [`  again   ${again(step, counterexample)}`] : []),
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
    ...(chain.some(({ message }) => message.includes("PARSE_ERROR"))
      ? ["  next    mend that line, then run it again"]
      : nextMove(step, verdict)),
  ].join("\n");
}

/** The text for a loop that never ended; `test` is the one that ran, none while a file was loaded. */
export function explainStall(step: Step, stall: Stall, test: TestCase | undefined): string {
  const name = test?.fullName.replaceAll(" > ", " › ") ?? "while the file was loaded";
  const isLearners = ({ file }: { readonly file: string }): boolean =>
    file.includes(`/${step.id}/`) && !file.endsWith(".test.ts");
  const frame = stall.frames.find(isLearners) ?? stall.frames.find(({ file }) => file !== "");
  return [
    ...titled(headings.hanging, name),
    ...labelled(
      "what",
      "The code ran for seconds without an end and let nothing else run: most likely a loop whose condition never becomes false.",
    ),
    "",
    ...(frame
      ? [`  where   ${placeIn(frame)}${frame.functionName && `, in ${frame.functionName}`}`]
      : []),
    "  next    look at what ends the loop in that line, then run it again",
  ].join("\n");
}

/** The heading with a long name wrapped below it, for 80 columns. */
function titled(heading: string, name: string): readonly string[] {
  return wrapped(name, 78 - heading.length).map((line, index) =>
    index === 0 ? `${heading}  ${line}` : `${" ".repeat(heading.length + 2)}${line}`,
  );
}

function foundIn({ run, runs, shrinks }: Counterexample): readonly string[] {
  const smaller =
    shrinks > 0 ? `, made smaller ${shrinks === 1 ? "once" : `${shrinks} times`}` : "";
  return labelled("law", `broken by case ${run} of ${runs}${smaller}:`);
}

/** The command that runs just this case. */
function again(step: Step, { replay }: Counterexample): string {
  return `npm test ${step.number} -- --replay ${replay}`;
}

function told({ given, when, wanted }: Story): readonly string[] {
  return [
    ...(given === undefined ? [] : labelled("given", given)),
    ...labelled("when", when),
    ...labelled("then", wanted),
  ];
}

/** What the learner's code printed while the test ran. */
function printed(logged: readonly string[]): readonly string[] {
  const lines = logged.flatMap((text) => text.trimEnd().split("\n"));
  const shown = lines
    .slice(0, 12)
    .map((line, index) => `  ${index === 0 ? "printed" : "       "} ${coloured(line)}`);
  return lines.length > 12 ? [...shown, `          ... ${lines.length - 12} more lines`] : shown;
}

function nextMove(step: Step, verdict: Verdict): readonly string[] {
  const hint = `npm run hint ${step.number}`;
  if (verdict === "infrastructure") {
    return ["  next    docker compose up -d, then run it again; or npm run doctor"];
  }
  return [`  next    ${hint}    one nudge, then more each time`];
}

function taskOf(
  step: Step,
  test: TestCase,
): { readonly number: number; readonly title: string } | undefined {
  const title = outermostTitle(test);
  const number = tasksByTitle(step.id).numberOf(title);
  return number === undefined ? undefined : { number, title };
}
