/** What a failed test met, for the terminal: the message, its meaning, a small diff. */

import { stripVTControlCharacters } from "node:util";
import type { SerializedError } from "vitest/node";
import { adviceOn } from "./advice.ts";
import { labelled } from "./labelled.ts";
import { smallDiff } from "./small-diff.ts";
import type { Step } from "./steps.ts";
import type { Verdict } from "./verdict.ts";
import { framesOf } from "./whereabouts.ts";

/** How many lines of a message or of a diff are shown: what a screen holds. */
const [longestMessage, longestDiff] = [16, 20];

/** `chain` is the error and its causes, outermost first; `again` runs the test alone, if there is a command for that. */
export function whatHappened(
  step: Step,
  verdict: Verdict,
  chain: readonly SerializedError[],
  again?: string,
): readonly string[] {
  // Of a promise that did not reject Vitest shows an error that nobody knows.
  const hasResolved = chain.some(({ message }) => /instead of rejecting$/.test(message));
  // Nor does it know that the `expected` of a ConcurrencyConflict is not what a test has wanted.
  const compared = chain.find(
    ({ name, diff }) => typeof diff === "string" && name === "AssertionError",
  );
  const diff = hasResolved ? undefined : compared?.diff;
  const hasDiff = typeof diff === "string";
  const shown = chain.filter(({ message }) => !message.startsWith("[vitest-pool]"));
  const messages = shown.map((error) => messageOf(error, hasDiff)).filter((text) => text !== "");
  const innermost = chain.at(-1)?.name ?? "an error without a message";
  const advice = adviceOn(
    verdict,
    chain,
    framesOf(step, chain)[0]?.file.endsWith(".test.ts") ?? false,
  );
  const lines = [
    ...(messages.length === 0 && !hasDiff ? [innermost] : messages),
    ...(advice === undefined ? [] : [advice]),
  ].flatMap((text) => text.split("\n"));
  const unwritten = verdict === "not written yet" ? notImplemented(chain) : undefined;
  if (unwritten !== undefined) return labelled("what", unwritten);
  const label = verdict === "wrong" ? "but" : "what";
  const whole = again === undefined ? `npm test ${step.number} -- --vitest` : `${again} --vitest`;
  const diffLines = hasDiff ? smallDiff(diff, longestDiff, whole) : [];
  return [
    ...labelled(
      label,
      [...shortened(lines, longestMessage, step), ...(hasDiff ? ["- wanted, + yours:"] : [])].map(
        coloured,
      ),
    ),
    ...diffLines.map((line) => `${" ".repeat(10)}${coloured(line)}`.trimEnd()),
  ];
}

/** What is not written, also where an assertion was handed the error, as `expect(...).rejects` is. */
function notImplemented(chain: readonly SerializedError[]): string | undefined {
  const texts = chain.flatMap(({ message, diff }) => [message, String(diff ?? "")]);
  const pattern = /([\w.]+(?: [\w.]+)? is not written yet)/;
  return texts.flatMap((text) => pattern.exec(stripVTControlCharacters(text))?.[1] ?? [])[0];
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
    .replaceAll("'/steps/", "'steps/")
    .replace(/^(Test timed out in \d+ms)\.\n[\s\S]*$/, "$1")
    // The diff below says it better. What the test calls the value stays.
    .replace(/(^|: )expected [\s\S]*$/, isAssertion && hasDiff ? "" : "$&")
    .trim();
  return name === undefined || isAssertion || name === "NotImplemented" || text === ""
    ? text
    : `${name}: ${text}`;
}

/** Colour only adds, and only where a person looks at a terminal. */
export function coloured(text: string): string {
  const wanted = process.stdout.isTTY && (process.env.NO_COLOR ?? "") === "";
  return wanted ? text : stripVTControlCharacters(text);
}
