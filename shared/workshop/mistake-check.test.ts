import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { caught, runOfBoth, runWithoutTests, step, uncaught } from "./fixtures/two-mistakes.ts";
import { checkMistakes } from "./mistake-check.ts";
import { checkMistakesOften } from "./mistake-rounds.ts";
import type { Run } from "./run-vitest.ts";

let both: Run;
beforeAll(async () => {
  both = await runOfBoth();
});

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("the check of the mistakes", () => {
  it("is content where the test that a mistake names is red, whatever the tests say to another", async () => {
    expect(await checkMistakes([step], [caught], async () => both)).toBe(true);
  });

  it("is not content where one of them is not caught by the test that it names", async () => {
    expect(await checkMistakes([step], [caught, uncaught], async () => both)).toBe(false);
  });

  it("is not content where no test ran, or there is no such mistake", async () => {
    expect(await checkMistakes([step], [caught], async () => runWithoutTests)).toBe(false);
    expect(await checkMistakes([step], ["no such mistake"], async () => both)).toBe(false);
  });
});

describe("the check of the mistakes in rounds", () => {
  it("is content where each round catches the mistake", async () => {
    expect(await checkMistakesOften([step], [caught], 2, rounds(both, both))).toBe(true);
  });

  it("is not content where one round of three does not catch it, and names it there", async () => {
    const three = rounds(both, runWithoutTests, both);
    expect(await checkMistakesOften([step], [caught], 3, three)).toBe(false);
    expect(printed()).toContain(`round 2: 0 of 1 caught, without 01 ${caught}`);
    expect(printed()).toContain("2 of 3");
  });

  it("is not content where one of them is caught by another test than it names", async () => {
    const two = rounds(both, both);
    expect(await checkMistakesOften([step], [caught, uncaught], 2, two)).toBe(false);
    expect(printed()).toContain(`round 1: 1 of 2 caught, without 01 ${uncaught}`);
  });

  it("is not content where there is no such mistake", async () => {
    expect(await checkMistakesOften([step], ["no such mistake"], 1, rounds(both))).toBe(false);
  });

  it("closes what it has opened, also where a round breaks", async () => {
    const session = rounds();
    await expect(checkMistakesOften([step], [caught], 1, session)).rejects.toThrow("no more");
    expect(session.closed).toBe(1);
  });
});

/** What opens a session that says this, one round after the other. */
function rounds(...runs: readonly Run[]) {
  const left = [...runs];
  const open = async () => ({
    run: async () => {
      const run = left.shift();
      if (!run) throw new Error("There are no more rounds.");
      return run;
    },
    close: async () => {
      open.closed += 1;
    },
  });
  open.closed = 0;
  return open;
}

function printed(): string {
  return vi.mocked(console.log).mock.calls.flat().join("\n");
}
