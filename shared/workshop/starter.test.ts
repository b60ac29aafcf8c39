import { describe, expect, it } from "vitest";
import { makeStarter } from "./starter.ts";

const lines = (...text: readonly string[]): string => `${text.join("\n")}\n`;

describe("a marked region inside a function", () => {
  it("becomes its instruction and a throw that names the function", () => {
    const solution = lines(
      "export function evolve(state: State, event: Event): State {",
      "  // BEGIN SOLUTION: one case per event;",
      "  // return a new state",
      "  // (each line of comment that follows is told too)",
      "  return { ...state, event };",
      "  // END SOLUTION",
      "}",
    );
    expect(makeStarter("x.ts", solution)).toBe(
      lines(
        'import { NotImplemented } from "../../shared/kernel/not-implemented.ts";',
        "",
        "export function evolve(state: State, event: Event): State {",
        "  // TODO: one case per event;",
        "  // return a new state",
        "  // (each line of comment that follows is told too)",
        '  throw new NotImplemented("evolve");',
        "}",
      ),
    );
  });

  it("keeps what stands before it, and names the method or generator around it", () => {
    const solution = lines(
      "export async function* readStream(",
      "  streamId: string,",
      "): AsyncIterable<string> {",
      "  assertStreamId(streamId);",
      "  // BEGIN SOLUTION: page by page",
      "  yield streamId;",
      "  // END SOLUTION",
      "}",
    );
    const starter = makeStarter("x.ts", solution);
    expect(starter).toContain("  assertStreamId(streamId);\n  // TODO: page by page\n");
    expect(starter).toContain('throw new NotImplemented("readStream");');
  });

  it("drops the imports that only it used, and keeps the others", () => {
    const solution = lines(
      'import { randomUUID } from "node:crypto";',
      'import type { Pool } from "pg";',
      'import { onlySolution, type Used } from "../01-x/y.ts";',
      "",
      "export function f(pool: Pool): Used {",
      "  // BEGIN SOLUTION: return it",
      "  return onlySolution(randomUUID(), pool);",
      "  // END SOLUTION",
      "}",
    );
    expect(makeStarter("x.ts", solution).split("\n").slice(0, 4)).toEqual([
      'import type { Pool } from "pg";',
      'import { NotImplemented } from "../../shared/kernel/not-implemented.ts";',
      'import type { Used } from "../01-x/y.ts";',
      "",
    ]);
  });
});

describe("a marked region outside functions", () => {
  it("is taken away", () => {
    const solution = lines(
      "export const a = 1;",
      "",
      "// BEGIN SOLUTION",
      "const b = 2;",
      "// END SOLUTION",
      "",
      "export const c = 3;",
    );
    expect(makeStarter("x.ts", solution)).toBe(
      lines("export const a = 1;", "", "export const c = 3;"),
    );
  });

  it("is an instruction in SQL", () => {
    const solution = lines(
      "create table t (",
      "  -- BEGIN SOLUTION: the columns",
      "  a integer",
      "  -- END SOLUTION",
      ");",
    );
    expect(makeStarter("x.sql", solution)).toBe(
      lines("create table t (", "  -- TODO: the columns", ");"),
    );
  });
});

describe("a file", () => {
  it("without markers is given as it is", () => {
    const given = 'import { unused } from "./x.ts";\n\n\n\nexport {};\n';
    expect(makeStarter("x.ts", given)).toBe(given);
  });

  it.each([
    ["never ends", lines("// BEGIN SOLUTION"), "x.ts:1 begins a solution that never ends."],
    ["ends twice", lines("// END SOLUTION"), "x.ts:1 ends a solution that was never begun."],
    [
      "nests",
      lines("// BEGIN SOLUTION", "// BEGIN SOLUTION"),
      "x.ts:2 begins a solution inside the one of line 1.",
    ],
  ])("whose solution %s is refused with its line", (_, text, message) => {
    expect(() => makeStarter("x.ts", text)).toThrow(message);
  });
});
