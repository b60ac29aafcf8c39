import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseHints, taskNamed, tasksByTitle, tasksOf } from "./hints.ts";
import { steps } from "./steps.ts";

const markdown = `# Hints for 01

## 1. \`countNights\`

<details><summary>A nudge</summary>

How long is a day?
</details>

<details><summary>Nearly the code</summary>

\`\`\`ts
const nights = 1;
\`\`\`
</details>

## 2. \`decide\`, the rest

<details><summary>A nudge</summary>
Read the table by columns.
</details>
`;

const readme = `# 01 · A title

## The idea

1. "a cancelled reservation" stands here, too.

## Your task

1. \`countNights\`: the nights.
   *Tests: "the nights of a
   stay", "a consumer that ..."*

   | a | table |
2. \`decide\`: the rest. *Tests: "a cancelled reservation"*

Then all laws hold. *Tests: "the laws of an aggregate"*

## Run it
`;

describe("the hints of a step", () => {
  it("are read task by task, each with its levels", () => {
    expect(parseHints(markdown.replaceAll("\n", "\r\n"))).toEqual([
      {
        number: 1,
        title: "`countNights`",
        hints: [
          { title: "A nudge", text: "How long is a day?" },
          { title: "Nearly the code", text: "```ts\nconst nights = 1;\n```" },
        ],
      },
      {
        number: 2,
        title: "`decide`, the rest",
        hints: [{ title: "A nudge", text: "Read the table by columns." }],
      },
    ]);
  });

  it("are found by number or by a part of the title", () => {
    const tasks = parseHints(markdown);
    expect(taskNamed(tasks, "2").number).toBe(2);
    expect(taskNamed(tasks, "COUNT").number).toBe(1);
  });

  it("say which tasks there are when asked for another", () => {
    const tasks = parseHints(markdown);
    expect(() => taskNamed(tasks, "3")).toThrow(/no task 3[\s\S]*1 {2}`countNights`[\s\S]*2 {2}/);
    expect(() => taskNamed(tasks, "`")).toThrow(/More than one task fits `/);
  });
});

describe("the task of a failing test", () => {
  const step = "01-aggregate";
  let root = "";

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "workshop-"));
    mkdirSync(join(root, "steps", step), { recursive: true });
    writeFileSync(join(root, "steps", step, "README.md"), readme);
  });

  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it.each([
    ["the nights of a stay", 1],
    ["a consumer that is drained", 1],
    ["a cancelled reservation", 2],
    ["the laws of an aggregate", undefined],
    ["something else", undefined],
  ])("is the one whose tests the README names: %s", (title, task) => {
    expect(tasksByTitle(step, root).numberOf(title)).toBe(task);
  });

  it("is unknown without a README, and hints that are gone are told", () => {
    rmSync(join(root, "steps", step, "README.md"));
    expect(tasksByTitle(step, root).numberOf("a cancelled reservation")).toBeUndefined();
    expect(() => tasksOf(step, root)).toThrow("steps/01-aggregate/hints.md is not there");
  });
});

describe("the workshop's own steps", () => {
  it("have hints with three levels for each task, and a task for what is tested first", () => {
    for (const { id } of steps) {
      for (const { hints } of tasksOf(id)) expect(hints).toHaveLength(3);
    }
    expect(tasksByTitle("01-aggregate").numberOf("the nights of a stay")).toBe(1);
    expect(tasksByTitle("07-consuming").numberOf("a consumer that the broker cancels")).toBe(4);
  });
});
