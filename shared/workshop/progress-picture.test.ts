import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { nextStep, type StepOverview } from "./progress-overview.ts";
import { drawProgress } from "./progress-picture.ts";

const now = new Date("2030-05-01T12:00:00.000Z");

describe("the picture of the progress", () => {
  const steps = [
    step(1, {
      state: "solved",
      opened: "2030-04-20T09:00:00.000Z",
      solved: "2030-05-01T09:52:00.000Z",
      seconds: 52 * 60,
    }),
    step(2, {
      state: "changed",
      opened: "2030-04-27T12:00:00.000Z",
      solved: "2030-04-30T12:00:00.000Z",
      hintsUsed: 12,
    }),
    step(3, {
      state: "begun",
      opened: "2030-05-01T10:53:00.000Z",
      tested: "2030-05-01T11:00:00.000Z",
    }),
    step(4, { title: `${"long ".repeat(12)}title`, minutes: null }),
  ];

  it("shows each step with its minutes, the learner's time, and its hints", () => {
    expect(drawn(steps, 60)).toEqual([
      "  ██████████░░░░░░░░░░░░░░░░░░░░  1 of 4 steps, 1 h 20 to go",
      "",
      "                                     plan     you  hints",
      "  ✔ 01  Step 1                       40 min  52 min",
      "  ~ 02  Step 2                       40 min  3 days     12",
      "  ▸ 03  Step 3                       40 min  1 h 07",
      "  · 04  long long long long long l…",
      "",
      "  ▸ begun   ~ was green, has changed since: run its tests again",
      "",
      "  Next: 03 · Step 3",
      "  npm test 3, and when you are stuck npm run hint 3",
    ]);
  });

  it("keeps to 80 columns, and says so when all is done", () => {
    const done = steps.map((one): StepOverview => ({ ...one, state: "solved" }));
    expect(drawn(done, 80).at(-1)).toBe("  All steps are solved.");
    expect(Math.max(...drawn(steps, 80).map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});

describe("the next step", () => {
  it("is the first one for a beginner", () => {
    expect(nextStep([step(1), step(2)])?.number).toBe(1);
  });

  it("is the begun one that was tested last", () => {
    const begun = (number: number, tested: string | null): StepOverview =>
      step(number, { state: "begun", opened: "2030-05-01T09:00:00.000Z", tested });
    const steps = [
      step(1),
      begun(2, "2030-05-01T09:30:00.000Z"),
      begun(3, "2030-05-01T09:40:00.000Z"),
      begun(4, null),
    ];
    expect(nextStep(steps)?.number).toBe(3);
  });

  it("is behind the step that was solved last, for whoever jumped in there", () => {
    const solved = (number: number, at: string): StepOverview =>
      step(number, { state: "solved", solved: at });
    const steps = [solved(1, "2030-05-01"), step(2), solved(3, "2030-05-02"), step(4)];
    expect(nextStep(steps)?.number).toBe(4);
    expect(nextStep(steps.slice(0, 3))?.number).toBe(2);
  });

  it("is behind the step that was solved last, for whoever had looked ahead before", () => {
    const ahead = { opened: "2030-05-01T09:00:00.000Z", tested: "2030-05-01T09:30:00.000Z" };
    const steps = [
      step(1, { state: "solved", solved: "2030-05-01T10:00:00.000Z" }),
      step(2),
      step(8, { state: "begun", ...ahead }),
    ];
    expect(nextStep(steps)?.number).toBe(2);
    expect(nextStep(steps.filter(({ number }) => number !== 2))?.number).toBe(8);
  });

  it("is none when all are solved", () => {
    expect(nextStep([step(1, { state: "solved" })])).toBeUndefined();
  });
});

function drawn(steps: readonly StepOverview[], columns: number): readonly string[] {
  return drawProgress(steps, nextStep(steps), columns, now).map(stripVTControlCharacters);
}

function step(number: number, known: Partial<StepOverview> = {}): StepOverview {
  return {
    number,
    id: `0${number}-step`,
    title: `Step ${number}`,
    minutes: 40,
    state: "new",
    opened: null,
    tested: null,
    solved: null,
    seconds: null,
    hints: {},
    hintsUsed: 0,
    ...known,
  };
}
