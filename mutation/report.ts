/** Stryker's report, and the names by which a mutant is known again when lines have moved. */

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { inBrief, type Place, placeIn } from "./place.ts";

export interface Mutant extends Place {
  /** Relative to the step's folder. */
  readonly file: string;
  readonly line: number;
  readonly replacement: string;
  readonly outcome: Outcome;
  /** What Stryker takes to make this mutant again: `solutions/02-replay/replay.ts:101:10-101:33`. */
  readonly range: string;
}

/**
 * `unsure`: the tests that should have judged it did not all run, or what stopped them was no answer of
 * the code. A survivor of which nothing was asked is none.
 */
export type Outcome = "killed" | "timeout" | "survived" | "unsure" | "left out";

interface Report {
  readonly files: Readonly<Record<string, ReportedFile>>;
  readonly testFiles?: Readonly<Record<string, { readonly tests: readonly unknown[] }>>;
}

interface ReportedFile {
  readonly source: string;
  readonly mutants: readonly ReportedMutant[];
}

interface ReportedMutant {
  readonly status: string;
  readonly statusReason?: string;
  readonly replacement?: string;
  readonly static?: boolean;
  readonly coveredBy?: readonly string[];
  readonly testsCompleted?: number;
  readonly location: { readonly start: Position; readonly end: Position };
}

/** Counted from 1. */
interface Position {
  readonly line: number;
  readonly column: number;
}

/** All mutants of a report, in the order of the files and their lines. */
export function readReport(file: string): readonly Mutant[] {
  const { files, testFiles = {} } = JSON.parse(readFileSync(file, "utf8")) as Report;
  const tests = Object.values(testFiles).reduce((sum, each) => sum + each.tests.length, 0);
  return Object.entries(files).flatMap(([path, { source, mutants }]) => {
    const place = placeIn(source);
    return [...mutants].sort(byPosition).map((mutant): Mutant => {
      const { start, end } = mutant.location;
      const replacement = inBrief(mutant.replacement ?? "");
      return {
        ...place(start, end, replacement),
        file: basename(path),
        line: start.line,
        replacement,
        outcome: outcomeOf(mutant, tests),
        // Stryker counts the columns of its option from 0.
        range: `${path}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`,
      };
    });
  });
}

const noAnswer = /^InfrastructureMissing|ECONNREFUSED|This run started no/;
const late = /^(Test|Hook) timed out/;

function outcomeOf(mutant: ReportedMutant, tests: number): Outcome {
  switch (mutant.status) {
    case "Ignored":
    case "CompileError":
      return "left out";
    case "Killed":
      if (late.test(mutant.statusReason ?? "")) return "timeout";
      return noAnswer.test(mutant.statusReason ?? "") ? "unsure" : "killed";
    case "Timeout":
      // A loop that has turned a hundred times as often as the reference's is no matter of the clock.
      return mutant.statusReason?.startsWith("Hit limit") ? "killed" : "timeout";
    case "NoCoverage":
      return "survived";
    case "Survived": {
      const wanted = mutant.static === true ? tests : (mutant.coveredBy?.length ?? 0);
      return (mutant.testsCompleted ?? 0) < wanted ? "unsure" : "survived";
    }
    default:
      return "unsure";
  }
}

function byPosition(a: ReportedMutant, b: ReportedMutant): number {
  const [from, to] = [a.location.start, b.location.start];
  return from.line - to.line || from.column - to.column;
}
