/** The commands as a learner calls them, in a copy whose path has spaces and letters beyond ASCII. */

import { execFile } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { root as repository } from "./steps.ts";

let root = "";

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mein Wörkshop ✔ "));
  for (const name of ["aggregate", "replay"].map((word, index) => `0${index + 1}-${word}`)) {
    cpSync(join(repository, "solutions", name), join(root, "solutions", name), { recursive: true });
    cpSync(join(repository, "steps", name), join(root, "steps", name), { recursive: true });
  }
  for (const name of ["workshop", "alternatives"]) {
    cpSync(join(repository, "shared", name), join(root, "shared", name), { recursive: true });
  }
  writeFileSync(join(root, "package.json"), '{ "type": "module" }\n');
});

afterEach(() => rmSync(root, { recursive: true, force: true, maxRetries: 3 }));

describe("the solution of a step", () => {
  it("is shown, taken, undone, and reset, with nothing lost on the way", async () => {
    await run("reset", ["1"]);
    appendFileSync(stay(), "// my own thoughts\n");
    writeFileSync(join(root, "steps", "01-aggregate", "mine.ts"), "export {};\n");
    const mine = readFileSync(stay(), "utf8");

    const shown = await run("solution", ["1"]);
    expect(shown.output).toContain("-// my own thoughts");
    expect(shown.output).toContain("+  const millisecondsPerDay");
    expect(shown.output).not.toContain("SOLUTION");

    const applied = await run("solution", ["1", "--apply"]);
    expect(applied.output).toContain("Not touched, for you added it: mine.ts");
    expect(readFileSync(stay(), "utf8")).not.toContain("my own thoughts");
    expect((await run("solution", [], "steps/01-aggregate")).output).toContain("nothing to show");

    await run("reset", ["1"]);
    expect(readFileSync(stay(), "utf8")).toContain('new NotImplemented("countNights")');
    expect((await run("undo", ["--list"])).output).toMatch(
      /reset of 01[\s\S]*reference put into 01/,
    );

    const first = readdirSync(join(root, ".workshop", "backups")).filter((name) =>
      name.includes("solution"),
    );
    const undone = await run("undo", first);
    expect(undone).toMatchObject({ code: 0 });
    expect(readFileSync(stay(), "utf8")).toBe(mine);
    expect(undone.output).not.toContain("\\");
  });
});

describe("a hint", () => {
  it("goes on from nudge to code, for the task whose test failed", async () => {
    writeProgress({ "01-aggregate": { failing: ["a new reservation", "the nights of a stay"] } });
    const hint = (): Promise<Called> => run("hint", [], "steps/01-aggregate");

    const first = await hint();
    expect(first.output).toMatch(/01 · .*\nTask 3: .*\n\nA nudge \(1 of 3\)/);
    expect((await hint()).output).toContain("The approach (2 of 3)");
    expect((await hint()).output).toMatch(/\(3 of 3\)[\s\S]*last hint.*\n.*npm run solution 1$/);
    expect((await hint()).output).toMatch(/\(1 of 3\)[\s\S]*\(3 of 3\)[\s\S]*no more hints/);

    const { output } = await run("progress", ["--json"]);
    expect(JSON.parse(output)).toMatchObject({
      format: 1,
      solved: 0,
      total: 2,
      next: 1,
      steps: [
        { id: "01-aggregate", minutes: 40, state: "begun", hints: { 3: 3 }, hintsUsed: 3 },
        { id: "02-replay", state: "new" },
      ],
    });
  });
});

describe("what cannot be", () => {
  it("is told in words: a step whose folder was renamed, or deleted", async () => {
    renameSync(join(root, "steps", "02-replay"), join(root, "steps", "02-mine"));
    expect(await refusal("reset", "2")).toContain("steps/02-mine is. Rename it to 02-replay");

    rmSync(join(root, "steps", "02-mine"), { recursive: true });
    expect(await refusal("hint", "2")).toContain("steps/02-replay is not there");
  });

  it("is told in words: a step, a task, a flag, a backup that there is not", async () => {
    expect(await refusal("solution", "77")).toContain("There is no step 77. The steps are 1");
    expect(await refusal("reset")).toContain("Which step?");
    expect(await refusal("hint", "1", "9")).toContain("1  `countNights`");
    expect(await refusal("reset", "1", "--frob")).toContain("Use it as npm run reset 4");
    expect(await refusal("undo", "2030-01-01")).toContain("There is no backup 2030-01-01");
  });

  it("is told in words: a progress file of a newer workshop", async () => {
    writeProgress({}, 7);
    expect(await refusal("progress")).toMatch(/format 7.*format 1/);
  });
});

/** What a command says that ends with 2. */
async function refusal(command: string, ...words: string[]): Promise<string> {
  const { code, output } = await run(command, words);
  expect(output).not.toMatch(/\n\s+at |node:internal/);
  expect(code, output).toBe(2);
  return output;
}

interface Called {
  readonly code: number;
  readonly output: string;
}

/** Calls a command as npm does, from a folder of the copy. */
function run(command: string, words: readonly string[], from = "."): Promise<Called> {
  const script = join(root, "shared", "workshop", `${command}.ts`);
  const { FORCE_COLOR: _, ...environment } = process.env;
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ["--import", import.meta.resolve("tsx"), script, ...words],
      { cwd: root, env: { ...environment, NO_COLOR: "1", INIT_CWD: join(root, from) } },
      (_error, stdout, stderr) =>
        resolve({ code: child.exitCode ?? -1, output: (stdout + stderr).trim() }),
    );
  });
}

function stay(): string {
  return join(root, "steps", "01-aggregate", "stay.ts");
}

function writeProgress(steps: Readonly<Record<string, unknown>>, format = 1): void {
  mkdirSync(join(root, ".workshop"), { recursive: true });
  writeFileSync(join(root, ".workshop", "progress.json"), JSON.stringify({ format, steps }));
}
