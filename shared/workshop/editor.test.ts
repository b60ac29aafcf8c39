/** An editor's Vitest extension on a learner's clone: it knows nothing of the workshop but vitest.config.ts. */

import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isListening } from "../infrastructure/fixtures/listening.ts";
import { leftIn, temporaryFolder } from "../infrastructure/fixtures/run-program.ts";
import type { Explored } from "./fixtures/test-explorer.ts";
import { copyWorkshop, type WorkshopCopy, withoutVitest } from "./fixtures/workshop-copy.ts";

// Vitest starts here, in processes of its own, and a server with it: a busy machine may take its time.
vi.setConfig({ testTimeout: 60_000 });

let copy: WorkshopCopy;
let temporary: ReturnType<typeof temporaryFolder>;
let over: AbortController;
beforeEach(() => {
  over = new AbortController();
  copy = copyWorkshop(["01-aggregate", "02-replay", "03-event-store"]);
  temporary = temporaryFolder();
});
afterEach(() => {
  over.abort();
  copy.remove();
  temporary.remove();
});

const nights = "the nights of a stay are the nights between arrival and departure";
const reading = "reading a stream starts at the version that is asked for";

describe("a single test that the editor's extension runs", () => {
  it("judges the learner's code, with no server where the step needs none", async () => {
    copy.take("01-aggregate", "stay.ts");
    change("01-aggregate", "stay.ts", "departure - arrival", "arrival - departure");
    const [wrong] = await explore(["01-aggregate/stay.test.ts", nights]);

    expect(wrong).toEqual({ tests: { [nights]: [expect.stringContaining("AssertionError")] } });
  });

  it("has the server of its step, which ends with the run", async () => {
    takeEventStore();
    const [right] = await explore(["03-event-store/reading.test.ts", reading]);

    expect(right).toEqual({ tests: { [reading]: "passed" }, postgres: expect.any(String) });
    expect(await isListening(Number(new URL(right?.postgres ?? "").port))).toBe(false);
    expect(leftIn(temporary.path)).toEqual([]);
  });

  it("gets a server in a process that has run without one", async () => {
    copy.take("01-aggregate", "stay.ts");
    takeEventStore();
    change("03-event-store", "event-store.ts", "version >= $2", "version > $2");
    const [first, wrong, last] = await explore(
      ["01-aggregate/stay.test.ts", nights],
      ["03-event-store/reading.test.ts", reading],
      ["01-aggregate/stay.test.ts", nights],
    );

    expect(first).toEqual({ tests: { [nights]: "passed" } });
    expect(wrong?.tests).toEqual({ [reading]: [expect.stringContaining("AssertionError")] });
    expect(last).toEqual({ tests: { [nights]: "passed" }, postgres: wrong?.postgres });
    expect(await isListening(Number(new URL(wrong?.postgres ?? "").port))).toBe(false);
    expect(leftIn(temporary.path)).toEqual([]);
  });
});

/** Runs single tests, each by its file below steps/ and its full name, in one process, with an embedded server. */
async function explore(...tests: readonly (readonly [string, string])[]): Promise<Explored[]> {
  const explorer = join(copy.root, "shared", "workshop", "fixtures", "test-explorer.ts");
  const words = tests.flatMap(([file, name]) => [join(copy.root, "steps", file), name]);
  const { path } = temporary;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", import.meta.resolve("tsx"), explorer, ...words],
    {
      cwd: copy.root,
      signal: over.signal,
      env: {
        ...withoutVitest(),
        ...{ TMPDIR: path, TEMP: path, TMP: path, WORKSHOP_INFRA: "embedded" },
        // What the extension sets.
        ...{ VITEST: "true", TEST: "true", NODE_ENV: "test", VITEST_VSCODE: "true" },
      },
    },
  );
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Explored);
}

function takeEventStore(): void {
  for (const name of ["event-store.ts", "rows.ts", "schema.ts", "schema.sql", "storable.ts"]) {
    copy.take("03-event-store", name);
  }
}

/** Changes the learner's file. */
function change(step: string, name: string, text: string, by: string): void {
  const file = copy.file(step, name);
  const before = readFileSync(file, "utf8");
  expect(before).toContain(text);
  writeFileSync(file, before.replace(text, by));
}
