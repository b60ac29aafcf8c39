/** The guided mode as a learner has it, in a copy of the workshop, with keys and saved files. */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { copyWorkshop, type WorkshopCopy, withoutVitest } from "./fixtures/workshop-copy.ts";

/** For one that never comes, in milliseconds: a busy machine takes its time to begin. */
const patience = 40_000;
vi.setConfig({ testTimeout: 4 * patience });

let copy: WorkshopCopy;
let root = "";
const guides: Guide[] = [];

beforeEach(() => {
  copy = copyWorkshop(["01-aggregate", "02-replay"]);
  root = copy.root;
});

afterEach(async () => {
  for (const guide of guides.splice(0)) await guide.end();
  copy.remove();
});

describe("the guided mode", () => {
  it("leads from red to green to the next step", async () => {
    const guide = await begin();
    await guide.shows(/NOT WRITTEN YET {2}the nights of a stay/);

    guide.type("h");
    await guide.shows(/A nudge \(1 of 3\)/);

    take("stay.ts");
    // What the test says that was red comes first, and then the others.
    await guide.shows(
      /✔ 1 {2}the nights of a stay[\s\S]*running \.\.\.[\s\S]*evolve is not written yet/,
    );

    take("reservation.ts");
    await guide.shows(/Step 01-aggregate is green\.[\s\S]*debrief[\s\S]*n goes on with 02/);

    guide.type("n");
    await guide.shows(/yours: 01 02[\s\S]*NOT WRITTEN YET {2}a replay/);
    expect(await guide.quit()).toBe(0);
    expect(existsSync(join(root, ".workshop", "start.json"))).toBe(false);
  });

  it("gives a loop that never ends up for a newer save", async () => {
    take("stay.ts");
    const guide = await begin();
    await guide.shows(/✔ 1 {2}the nights of a stay/);
    const solved = readFileSync(step("stay.ts"), "utf8");

    writeFileSync(step("stay.ts"), `for (;;);\n${solved}`);
    await guide.shows(/running/);
    writeFileSync(step("stay.ts"), `${solved}\n`);

    await guide.shows(/✔ 1 {2}the nights of a stay/);
    expect(await guide.quit()).toBe(0);
  });

  it("tells a syntax error, and goes on", async () => {
    const guide = await begin();
    await guide.shows(/evolve|countNights/);
    writeFileSync(step("stay.ts"), "export function countNights( {\n");
    await guide.shows(/CRASHED[\s\S]*steps\/01-aggregate\/stay\.ts/);

    take("stay.ts");
    await guide.shows(/✔ 1 {2}the nights of a stay/);
    expect(await guide.quit()).toBe(0);
  });

  it("jumps, lists, and takes no for an answer", async () => {
    const guide = await begin();
    await guide.shows(/\[h\]int/);
    guide.type("j9\r");
    await guide.shows(/There is no step 9\./);
    guide.type("l");
    await guide.shows(/0 of 2 steps/);
    const before = readFileSync(step("stay.ts"), "utf8");
    guide.type("rn");
    await guide.shows(/y \/ n[\s\S]*\[h\]int/);
    expect(readFileSync(step("stay.ts"), "utf8")).toBe(before);
    guide.type("j2\r");
    await guide.shows(/02 · [\s\S]*NOT WRITTEN YET/);
  });

  it("lends the terminal to the questions about a mistake, and has it back", async () => {
    const guide = await begin();
    await guide.shows(/\[h\]int/);

    guide.type("m");
    await guide.shows(/not green yet[\s\S]*y \/ n/);
    guide.type("y");
    await guide.shows(/Mistake 1 of \d+[\s\S]*Your guess, 1 to 8/);
    guide.type("2\r");
    await guide.shows(/Right: "the state of a reservation"[\s\S]*In production: [\s\S]*1 of 1/);
    guide.type("q\r");
    await guide.shows(/\[h\]int/);

    expect(readFileSync(join(root, ".workshop", "progress.json"), "utf8")).toMatch(
      /"guesses": \{\s*"changes-the-state-in-place": true\s*\}/,
    );
    guide.type("l");
    await guide.shows(/0 of 2 steps/);
    expect(await guide.quit()).toBe(0);
  });

  it("is there once in a clone", async () => {
    const guide = await begin();
    await guide.shows(/\[h\]int/);
    const second = await begin();

    await second.shows(/npm start is at work in this clone already \(process \d+\)/);
    expect(await second.exit).toBe(2);
    guide.type("l");
    await guide.shows(/0 of 2 steps/);
  });
});

interface Guide {
  /** Resolves once the text that was printed since the last call, without colours, matches. */
  shows(pattern: RegExp): Promise<void>;
  type(keys: string): void;
  quit(): Promise<number | null>;
  readonly exit: Promise<number | null>;
  end(): Promise<void>;
}

async function begin(): Promise<Guide> {
  const preload = join(root, "shared", "workshop", "fixtures", "fake-terminal.ts");
  const child: ChildProcessWithoutNullStreams = spawn(
    process.execPath,
    [
      ...["--import", import.meta.resolve("tsx"), "--import", preload],
      join(root, "shared", "workshop", "start.ts"),
      "1",
    ],
    { cwd: root, env: { ...withoutVitest(), INIT_CWD: root, NO_COLOR: "1" } },
  );
  let printed = "";
  let look = (): void => {};
  const hear = (chunk: Buffer): void => {
    printed += stripVTControlCharacters(chunk.toString("utf8"));
    look();
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  const exit = new Promise<number | null>((resolve) => {
    child.on("close", (code) => {
      look();
      resolve(code);
    });
  });
  const guide: Guide = {
    exit,
    shows: (pattern) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`${pattern} was not shown, but:\n${printed}`)),
          patience,
        );
        look = () => {
          const found = pattern.exec(printed);
          if (!found) return;
          clearTimeout(timer);
          look = () => {};
          printed = printed.slice(found.index + found[0].length);
          resolve();
        };
        look();
      }),
    type: (keys) => {
      child.stdin.write(keys);
    },
    quit: () => {
      child.stdin.write("q");
      return exit;
    },
    end: async () => {
      child.kill("SIGTERM");
      await exit;
    },
  };
  guides.push(guide);
  return guide;
}

function step(name: string): string {
  return copy.file("01-aggregate", name);
}

/** What the reference has, saved over the learner's file. */
function take(name: string): void {
  copy.take("01-aggregate", name);
}
