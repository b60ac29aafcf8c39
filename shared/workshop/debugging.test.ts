/** The tasks and launch configurations of .vscode/, in a copy: run as they are, and by a debugger. */

import { execFile } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { argumentsFor, type CommandLine, launchesOf, tasksOf } from "./editor-files.ts";
import { type BreakPoint, debug, type Session } from "./fixtures/debugger.ts";
import { copyWorkshop, type WorkshopCopy, withoutVitest } from "./fixtures/workshop-copy.ts";
import { root as repository } from "./steps.ts";

// Whole processes start here, most of them a Vitest, and the compiler: a busy machine may take its time.
vi.setConfig({ testTimeout: 120_000 });

const [testFile, stepTests, stepPlay] = launchesOf(repository);
const step = "01-aggregate";

let copy: WorkshopCopy;
let over: AbortController;
beforeEach(() => {
  over = new AbortController();
  copy = copyWorkshop([step]);
  // One test file shows as much as three, in a third of the time.
  for (const name of ["reservation.test.ts", "reservation.property.test.ts"]) {
    rmSync(copy.file(step, name));
  }
});
afterEach(() => {
  over.abort();
  copy.remove();
});

describe("what the editor runs for the open file", () => {
  const aboutAStep = tasksOf(repository).filter(({ args }) => args.join().includes("{file"));
  it.each([...aboutAStep, ...launchesOf(repository)])("is about its step: $name", async (line) => {
    const args = argumentsFor(line, copy.file(step, "stay.test.ts"), copy.root);
    const output = await new Promise<string>((resolve) => {
      execFile(line.command, args, surroundings(), (_, out, errors) =>
        resolve(stripVTControlCharacters(out + errors)),
      );
    });

    expect(output).toMatch(/countNights|decide is not written yet/);
    expect(output).not.toMatch(/is not a step|No test files/);
  });
});

describe("a debugger", () => {
  it("stands in the learner's file, longer than a test may take", async () => {
    copy.take(step, "stay.ts");
    const place = breakPoint("stay.ts", "return (departure - arrival)");
    const session = await start(testFile, "stay.test.ts", place, { more: ["--testTimeout=1000"] });

    expect(session.stops).toEqual([{ ...place, in: "countNights" }]);
    expect(session).toMatchObject({ code: 0, output: expect.stringMatching(/Tests +9 passed/) });
  });

  it("stands longer than a test waits for what goes on beside it", async () => {
    copy.take(step, "stay.ts");
    writeFileSync(copy.file(step, "beside.test.ts"), beside);
    const place = breakPoint("stay.ts", "return (departure - arrival)");
    const session = await start(testFile, "beside.test.ts", place, { times: 3 });

    expect(session.stops).toHaveLength(3);
    expect(session).toMatchObject({ code: 0, output: expect.stringMatching(/Tests +3 passed/) });
  });

  it("stands in the learner's file when the whole step is tested", async () => {
    copy.take(step, "stay.ts");
    const place = breakPoint("stay.ts", "return (departure - arrival)");
    const session = await start(stepTests, "reservation.ts", place);

    expect(session.stops).toEqual([{ ...place, in: "countNights" }]);
    expect(session.code).toBe(0);
    expect(session.output).toMatch(/✔.* the nights of a stay[\s\S]*Step 01-aggregate is green/);
  });

  it("stands in the learner's file when its step is played", async () => {
    copy.take(step, "stay.ts");
    copy.take(step, "reservation.ts");
    const place = breakPoint("reservation.ts", "switch (command.type)");
    const session = await start(stepPlay, "reservation.ts", place);

    expect(session.stops).toEqual([{ ...place, in: "decide" }]);
    expect(session).toMatchObject({ code: 0, output: expect.stringContaining("StayChanged") });
  });
});

/** Code that runs on while the test waits for it, each time a moment longer than it stood. */
const beside = `
  import { setTimeout as delay } from "node:timers/promises";
  import { expect, it, vi } from "vitest";
  import { countNights } from "./stay.ts";

  function begin() {
    const work = { done: false };
    setTimeout(async () => {
      countNights({ arrival: "2030-05-01", departure: "2030-05-03" });
      await delay(100);
      work.done = true;
    });
    return work;
  }
  it("polls", async () => {
    const work = begin();
    await expect.poll(() => work.done, { timeout: 500 }).toBe(true);
  });
  it("waits", async () => {
    const work = begin();
    await vi.waitUntil(() => work.done, { timeout: 500 });
    expect(work.done).toBe(true);
  });
  it("has a limit of its own", async () => {
    const work = begin();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(work.done).toBe(true);
  });
`;

/** Starts a launch configuration in a debugger while a file of the step is open. */
function start(
  launch: CommandLine | undefined,
  open: string,
  place: BreakPoint,
  { more = [], times = 1 }: { readonly more?: readonly string[]; readonly times?: number } = {},
): Promise<Session> {
  expect.assert(launch);
  const args = [...argumentsFor(launch, copy.file(step, open), copy.root), ...more];
  return debug({ args, ...surroundings() }, place, { milliseconds: 1_500, times });
}

/** The line of the learner's file with this text. */
function breakPoint(name: string, text: string): BreakPoint {
  const file = copy.file(step, name);
  const line =
    readFileSync(file, "utf8")
      .split("\n")
      .findIndex((each) => each.includes(text)) + 1;
  expect(line).toBeGreaterThan(0);
  return { file, line };
}

/** A program that the test starts ends with it at the latest. */
function surroundings() {
  const env = { ...withoutVitest(), NO_COLOR: "1" };
  return { cwd: copy.root, env, signal: over.signal };
}
