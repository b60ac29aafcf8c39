/** `npm test` as a process of its own: what it remembers, and what it ends with. */

import { execFile } from "node:child_process";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { group, right, test, wrong } from "./fixtures/small-vitest.ts";
import { copyWorkshop, type WorkshopCopy, withoutVitest } from "./fixtures/workshop-copy.ts";
import { readProgress } from "./progress-file.ts";

const step = "01-aggregate";

const tests = [
  'import { describe, expect, it } from "vitest";',
  group("the nights of a stay", test("are counted", right)),
  group("the state of a reservation", test("changes", wrong)),
].join("\n");

let copy: WorkshopCopy;
let [whole, part]: readonly (Called | undefined)[] = [];
beforeAll(async () => {
  copy = copyWorkshop([step]);
  const folder = join(copy.root, "steps", step);
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".test.ts"))) {
    rmSync(join(folder, name));
  }
  writeFileSync(join(folder, "stay.test.ts"), tests);
  // Without the report: the compiler beside it takes longer than the tests.
  [whole, part] = await Promise.all([npmTest("1", "--vitest"), npmTest("1", "1", "--vitest")]);
});
afterAll(() => copy.remove());

describe("npm test", () => {
  it("ends with 1 where a test is red", () => {
    expect(whole).toMatchObject({ code: 1 });
  });

  it("ends with 0 where the task that was asked for is green", () => {
    expect(part).toMatchObject({ code: 0, output: expect.stringContaining("Task 1 is green.") });
  });

  it("remembers a step as tested, and as solved only where the whole of it is green", () => {
    const { tested, solved, failing } = readProgress(copy.root).steps[step] ?? {};
    expect(tested).toBeDefined();
    expect(failing).toEqual(["the state of a reservation"]);
    expect(solved).toBeUndefined();
  });
});

interface Called {
  readonly code: number;
  readonly output: string;
}

function npmTest(...words: readonly string[]): Promise<Called> {
  const script = join(copy.root, "shared", "workshop", "test.ts");
  const loaders = ["vitest/node", "tsx"].flatMap((name) => ["--import", import.meta.resolve(name)]);
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [...loaders, script, ...words],
      { cwd: copy.root, env: withoutVitest() },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, output: stdout + stderr }),
    );
  });
}
