/** What a run of the learner's step came to: task by task, and one failing test explained. */

import type { SerializedError, TestCase, TestModule } from "vitest/node";
import { explain, explainBrokenModule, explainStall } from "./explanation.ts";
import { tasksByTitle } from "./hints.ts";
import { labelled } from "./labelled.ts";
import { outermostTitle, type Run, testsOf } from "./run-vitest.ts";
import type { Step } from "./steps.ts";
import { errorsAround, errorsOf } from "./thrown.ts";
import { unawaitedLines } from "./unawaited-lines.ts";
import { type Verdict, verdictOf } from "./verdict.ts";

export interface StepReport {
  /** Every test that was asked for is green. */
  readonly isGreen: boolean;
  readonly tests: number;
  /** The outermost titles of the tests that failed, the explained one first. */
  readonly failing: readonly string[];
  /** The test file of the explained one. */
  readonly file?: string | undefined;
  /** For the terminal. */
  readonly lines: readonly string[];
  /** The same for one that has few lines, ever shorter: without the other red tests, then without the other groups. */
  readonly shorter: readonly (readonly string[])[];
}

/**
 * `whole`: in a run of the whole step a test that was left out is not green. `part`: somebody wanted no
 * others. `under way`: the others are still to come.
 */
export type Extent = "whole" | "part" | "under way";

/** `logged` is what the code printed, by the id of the test. */
export function reportOf(
  step: Step,
  { modules, errors, stalls }: Run,
  logged: ReadonlyMap<string, readonly string[]>,
  extent: Extent = "whole",
): StepReport {
  const isPart = extent === "part";
  const tests = [...modules]
    .sort(examplesFirst)
    .flatMap(testsOf)
    .filter((test) => !isPart || test.result().state !== "skipped");
  // An error that no test has caught is told only where no failed test tells more of it, or a process has ended.
  const isAnyRed = tests.some(isRed);
  const [broken] = [
    ...modules.flatMap(errorsAround),
    ...errors.filter((error) => !isAnyRed || isLostWorker(error)),
  ];
  const [stall] = stalls;
  const heard = groupByTitle(tests);
  const groups = inOrderOfTasks(
    step,
    extent === "under way" || (!isPart && (broken || stall)) ? withTheUnheard(step, heard) : heard,
  );
  const red = [...groups.values()].flat().filter(isRed).sort(byModule);
  const unawaited = unawaitedLines(step, tests);
  const table = tableOf(step, groups, extent === "under way" ? "running ..." : "not run");
  const report = (
    explained: readonly string[],
    first?: TestCase,
    rest: readonly string[] = [],
  ): StepReport => {
    const own = first ? new Map([...groups].filter(([, cases]) => cases.includes(first))) : groups;
    const lines = [...table, ...(table.length > 0 ? [""] : []), ...explained];
    return {
      isGreen: false,
      tests: tests.length,
      failing: [...(first ? [first] : []), ...red].map(outermostTitle),
      file: first?.module.moduleId,
      lines: [...lines, ...rest, ...unawaited],
      shorter: [
        [...lines, ...unawaited],
        [...tableOf(step, own, ""), ...explained],
      ],
    };
  };

  if (stall) {
    const test = tests.find(({ id }) => id === stall.test);
    return report(explainStall(step, stall, test).split("\n"), test);
  }
  if (broken) return report(explainBrokenModule(step, broken).split("\n"));
  if (tests.length === 0)
    return report(["There is no such test in this step: is the clone complete?"]);
  const first = red.find((test) => verdict(test) !== "not written yet") ?? red[0];
  if (!first) {
    const open = tests.filter(isOpen).length;
    return open === 0
      ? {
          ...report([]),
          isGreen: extent !== "under way",
          lines: [...table, ...unawaited],
          shorter: [],
        }
      : report(explainOpen(open));
  }
  const explained = explain(step, first, logged.get(first.id) ?? []).split("\n");
  return report(explained, first, others(red, first));
}

/** A line for each group of a run that is not over, as far as it has come. */
export function judgedSoFar(step: Step, modules: readonly TestModule[]): readonly string[] {
  const heard = groupByTitle([...modules].sort(examplesFirst).flatMap(testsOf));
  return tableOf(step, inOrderOfTasks(step, withTheUnheard(step, heard)), "not run");
}

function explainOpen(count: number): readonly string[] {
  return labelled(
    "what",
    `What was run is green, but ${count} of the tests were not run. Is there a .skip or an .only in a test?`,
  );
}

/** How many names of further red tests are shown: one is to be mended at a time. */
const shownOthers = 5;

function others(red: readonly TestCase[], first: TestCase): readonly string[] {
  const unwritten = red.filter((test) => verdict(test) === "not written yet" && test !== first);
  const wrong = red.filter((test) => test !== first && !unwritten.includes(test));
  const more = wrong.length - shownOthers;
  const waiting = unwritten.length === 1 ? "1 test waits" : `${unwritten.length} tests wait`;
  return [
    ...wrong
      .slice(0, shownOthers)
      .map((test, index) => `  ${index === 0 ? "also" : "    "}    ${shortName(test)}`),
    ...(more > 0 ? [`          and ${more} more that ${more === 1 ? "is" : "are"} red`] : []),
    ...(unwritten.length > 0 ? [`          ${waiting} for code that is not written yet`] : []),
  ];
}

/** Fits a line of 80 columns. */
function shortName(test: TestCase): string {
  return cutTo(68, test.fullName.replaceAll(" > ", " › "));
}

function cutTo(width: number, text: string): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}

/** The README's tasks name the tests that tick them; what no task names comes last. */
function inOrderOfTasks(
  step: Step,
  groups: ReadonlyMap<string, TestCase[]>,
): ReadonlyMap<string, TestCase[]> {
  const { rankOf } = tasksByTitle(step.id);
  return new Map([...groups].sort(([a], [b]) => rankOf(a) - rankOf(b)));
}

/** Tests by the outermost `describe`, which is named after the task, in the order of the files. */
function groupByTitle(tests: readonly TestCase[]): ReadonlyMap<string, TestCase[]> {
  const groups = new Map<string, TestCase[]>();
  for (const test of tests) {
    const title = outermostTitle(test);
    groups.set(title, [...(groups.get(title) ?? []), test]);
  }
  return groups;
}

/** Also the groups of files that did not load, or that nobody came to: without a test. */
function withTheUnheard(
  step: Step,
  groups: ReadonlyMap<string, TestCase[]>,
): ReadonlyMap<string, TestCase[]> {
  const isHeard = (title: string): boolean => {
    const beginning = title.replace(/ ?\.\.\.$/, "");
    return [...groups.keys()].some((heard) => heard.startsWith(beginning));
  };
  const unheard = tasksByTitle(step.id).titles.filter((title) => !isHeard(title));
  return new Map([...groups, ...unheard.map((title): [string, TestCase[]] => [title, []])]);
}

/** A line for each group, with the number of its task; `withoutTests` says why a group has none. */
function tableOf(
  step: Step,
  groups: ReadonlyMap<string, TestCase[]>,
  withoutTests: string,
): readonly string[] {
  const { numberOf } = tasksByTitle(step.id);
  const width = Math.min(48, Math.max(20, ...[...groups.keys()].map((title) => title.length)));
  return [...groups].map(([title, cases]) => {
    const { sign, count } =
      cases.length === 0 ? { sign: "·", count: withoutTests } : summary(cases);
    return `  ${sign} ${numberOf(title) ?? " "}  ${cutTo(width, title).padEnd(width)}  ${count}`;
  });
}

function summary(cases: readonly TestCase[]): { readonly sign: string; readonly count: string } {
  const all = `${cases.length} ${cases.length === 1 ? "test" : "tests"}`;
  const failed = cases.filter(isRed);
  const open = cases.filter(isOpen);
  const wrong = failed.filter((test) => verdict(test) !== "not written yet");
  if (wrong.length > 0) return { sign: "✘", count: `${wrong.length} of ${all} red` };
  const part = (some: readonly TestCase[]): string =>
    some.length === cases.length ? "" : `${some.length} of ${all} `;
  if (failed.length > 0) return { sign: "·", count: `${part(failed)}not written yet` };
  if (open.length > 0) return { sign: "·", count: `${part(open)}not run` };
  return { sign: "✔", count: all };
}

function isLostWorker({ message }: SerializedError): boolean {
  return message.startsWith("[vitest-pool]");
}

function isRed(test: TestCase): boolean {
  return test.result().state === "failed";
}

/** Its worker ended before it, or somebody left it out. */
function isOpen(test: TestCase): boolean {
  return ["pending", "skipped"].includes(test.result().state);
}

function verdict(test: TestCase): Verdict {
  return verdictOf(errorsOf(test));
}

function byModule(a: TestCase, b: TestCase): number {
  return examplesFirst(a.module, b.module);
}

function examplesFirst(a: TestModule, b: TestModule): number {
  const rank = (module: TestModule): number => (module.moduleId.includes(".property.") ? 1 : 0);
  return rank(a) - rank(b);
}
