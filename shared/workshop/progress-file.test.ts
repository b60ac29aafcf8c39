import { execFile } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  isSolved,
  markSolved,
  readProgress,
  rememberFailures,
  rememberHint,
  rememberOpened,
  solvedSteps,
} from "./progress-file.ts";

const step = "01-aggregate";
let root = "";
let said: readonly string[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "workshop progrès "));
  writeStep("export const nights = 1;\n");
  said = [];
  vi.spyOn(console, "error").mockImplementation((line: string) => {
    said = [...said, line];
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  rmSync(root, { recursive: true, force: true });
});

describe("a solved step", () => {
  it("counts while its files are as they were", () => {
    markSolved(step, true, root);
    expect([...solvedSteps(root)]).toEqual([step]);

    writeStep("export const nights = 2;\n");
    expect([...solvedSteps(root)]).toEqual([]);

    writeStep("export const nights = 1;\r\n");
    expect([...solvedSteps(root)], "in another system's line endings").toEqual([step]);
  });

  it("is solved no longer after a red run, but remembers when it first was", () => {
    vi.useFakeTimers({ now: new Date("2030-05-01T10:00:00.000Z"), toFake: ["Date"] });
    rememberOpened(step, root);
    vi.setSystemTime(new Date("2030-05-01T10:20:00.000Z"));
    markSolved(step, true, root);
    vi.setSystemTime(new Date("2030-05-02T08:00:00.000Z"));
    markSolved(step, false, root);

    expect([...solvedSteps(root)]).toEqual([]);
    expect(readProgress(root).steps[step]).toEqual({
      opened: "2030-05-01T10:00:00.000Z",
      tested: "2030-05-01T10:20:00.000Z",
      solved: "2030-05-01T10:20:00.000Z",
      seen: "2030-05-01T10:20:00.000Z",
      seconds: 20 * 60,
    });
  });

  it("is not solved where its folder is gone, or was never one", () => {
    markSolved(step, true, root);
    const progress = readProgress(root).steps[step];
    rmSync(join(root, "steps", step), { recursive: true });

    expect([...solvedSteps(root)]).toEqual([]);
    expect(isSolved("../01-aggregate", progress, root)).toBe(false);
  });
});

describe("what is remembered of a step", () => {
  it("is what failed, until it is green", () => {
    rememberFailures(step, ["a stay", "a price", "a stay"], root);
    markSolved(step, false, root);
    expect(readProgress(root).steps[step]?.failing).toEqual(["a stay", "a price"]);

    markSolved(step, true, root);
    expect(readProgress(root).steps[step]?.failing).toBeUndefined();
  });

  it("is the time that was spent on it, without pauses and other steps", () => {
    vi.useFakeTimers({ now: new Date("2030-05-01T10:00:00.000Z"), toFake: ["Date"] });
    const later = (minutes: number): void => {
      vi.setSystemTime(Date.now() + minutes * 60_000);
    };
    rememberOpened(step, root);
    later(10);
    markSolved(step, false, root);
    later(14 * 60); // a night
    markSolved(step, false, root);
    later(5);
    markSolved(step, false, root);
    later(2);
    rememberOpened("02-replay", root);
    later(20);
    markSolved(step, false, root);
    later(1);
    markSolved(step, true, root);
    later(8);
    markSolved(step, true, root);

    expect(readProgress(root).steps[step]?.seconds).toBe((10 + 5 + 1) * 60);
  });

  it("is the highest level of its hints", () => {
    rememberHint(step, 2, 3, root);
    rememberHint(step, 2, 1, root);
    rememberHint(step, 1, 1, root);

    expect(readProgress(root).steps[step]?.hints).toEqual({ 1: 1, 2: 3 });
  });

  it("survives with steps and fields that this workshop does not know", () => {
    const later = { "14-later": { fingerprint: "f", mood: "good" } };
    writeProgress(JSON.stringify({ format: 1, steps: later, room: "B 12" }));
    markSolved(step, true, root);

    expect(readProgress(root)).toMatchObject({ format: 1, steps: later, room: "B 12" });
    expect([...solvedSteps(root)]).toEqual([step]);
  });

  it("is taken over from the first workshops' file", () => {
    markSolved(step, true, root);
    const fingerprint = readProgress(root).steps[step]?.fingerprint;
    writeProgress(JSON.stringify({ solved: { [step]: fingerprint } }));

    expect([...solvedSteps(root)]).toEqual([step]);
    rememberOpened("02-replay", root);
    expect(Object.keys(readProgress(root).steps)).toEqual([step, "02-replay"]);
  });
});

describe("a broken progress file", () => {
  it.each([
    ["half a file", '{ "format": 1, "ste'],
    ["an empty one", ""],
    ["something else", "[]"],
    ["a wrong field", '{ "format": 1, "steps": { "01-aggregate": { "hints": 3 } } }'],
    ["a time that is none", '{ "format": 1, "steps": { "01-aggregate": { "solved": "soon" } } }'],
  ])("is set aside with one line: %s", (_, text) => {
    writeProgress(text);

    expect([...solvedSteps(root)]).toEqual([]);
    markSolved(step, true, root);
    expect([...solvedSteps(root)]).toEqual([step]);
    const aside = workshopFiles().filter((name) => name.startsWith("progress.broken-"));
    expect(aside).toHaveLength(1);
    expect(readFileSync(join(root, ".workshop", aside[0] ?? ""), "utf8")).toBe(text);
    expect(said).toEqual([expect.stringContaining(aside[0] ?? "")]);
  });
});

describe("a progress file that cannot be used", () => {
  it("of a newer workshop is never overwritten; both versions are named, once", () => {
    const text = '{ "format": 2, "steps": "other" }';
    writeProgress(text);
    markSolved(step, true, root);
    rememberFailures(step, ["a stay"], root);

    expect([...solvedSteps(root)]).toEqual([]);
    expect(readFileSync(join(root, ".workshop", "progress.json"), "utf8")).toBe(text);
    expect(workshopFiles()).toEqual(["progress.json"]);
    expect(said).toEqual([expect.stringMatching(/format 2; .*format 1/)]);
    expect(() => readProgress(root)).toThrow(/format 2/);
  });

  it("for it is a folder stops no command", () => {
    mkdirSync(join(root, ".workshop", "progress.json"), { recursive: true });
    markSolved(step, true, root);

    expect([...solvedSteps(root)]).toEqual([]);
    expect(said).toEqual([expect.stringContaining("a folder is where a file should be")]);
  });

  it.skipIf(process.getuid?.() === 0 || process.platform === "win32")(
    "for its folder is read-only stops no command",
    () => {
      rememberOpened(step, root);
      chmodSync(join(root, ".workshop"), 0o500);
      markSolved(step, true, root);
      chmodSync(join(root, ".workshop"), 0o700);

      expect(said).toEqual([expect.stringContaining("may not write")]);
    },
  );
});

describe("processes at once", () => {
  it("lose nothing of each other", async () => {
    const module = pathToFileURL(join(import.meta.dirname, "progress-file.ts")).href;
    const script = `
      import { rememberHint } from ${JSON.stringify(module)};
      const [root, task] = process.argv.slice(-2);
      for (let level = 1; level <= 10; level++) rememberHint(level + "0-step", Number(task), level, root);
    `;
    const tsx = ["--import", import.meta.resolve("tsx")];
    await Promise.all(
      ["1", "2", "3"].map((task) =>
        promisify(execFile)(process.execPath, [
          ...tsx,
          "--input-type=module",
          "--eval",
          script,
          root,
          task,
        ]),
      ),
    );

    const { steps } = readProgress(root);
    for (let level = 1; level <= 10; level++) {
      expect(steps[`${level}0-step`]?.hints).toEqual({ 1: level, 2: level, 3: level });
    }
    expect(workshopFiles()).toEqual(["progress.json"]);
  });

  it("take over the lock of one that is gone", () => {
    rememberOpened(step, root);
    const gone = 2 ** 22 + 1; // Above the highest process id of Linux, macOS and Windows in practice.
    writeFileSync(join(root, ".workshop", "progress.lock"), `${gone} ${hostname()}`);
    markSolved(step, true, root);

    expect([...solvedSteps(root)]).toEqual([step]);
    expect(existsSync(join(root, ".workshop", "progress.lock"))).toBe(false);
  });
});

function writeStep(text: string): void {
  mkdirSync(join(root, "steps", step), { recursive: true });
  writeFileSync(join(root, "steps", step, "stay.ts"), text);
}

function writeProgress(text: string): void {
  mkdirSync(join(root, ".workshop"), { recursive: true });
  writeFileSync(join(root, ".workshop", "progress.json"), text);
}

function workshopFiles(): readonly string[] {
  return readdirSync(join(root, ".workshop")).sort();
}
