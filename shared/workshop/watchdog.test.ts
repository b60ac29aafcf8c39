import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Reporter, TestCase, TestModule } from "vitest/node";
import { isDebugged } from "../infrastructure/debugged.ts";
import { group, right, test, withSmallVitest } from "./fixtures/small-vitest.ts";
import { testsOf } from "./run-vitest.ts";
import { stepNumbered } from "./steps.ts";
import { watchdog } from "./watchdog.ts";

let modules: readonly TestModule[];
let counted: { readonly module: TestModule; readonly test: TestCase };
beforeAll(async () => {
  const files = { "learner/stay": group("the nights of a stay", test("are counted", right)) };
  ({ modules } = await withSmallVitest(files, (session) => session.run()));
  const [module] = modules;
  const [first] = modules.flatMap(testsOf);
  if (!module || !first) throw new Error("The small Vitest has no test.");
  counted = { module, test: first };
});

let told: string[];
let guard: Reporter;
beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  guard = watchdog(stepNumbered(1), (text) => told.push(text));
});
afterEach(() => {
  vi.useRealTimers();
});

const seconds = (count: number): void => void vi.advanceTimersByTime(count * 1000);

// With a debugger there is no watchdog.
describe.skipIf(isDebugged())("a run in which nothing happens", () => {
  it("is told after 75 seconds, once, with the test that was under way", () => {
    guard.onTestCaseReady?.(counted.test);
    seconds(74);
    expect(told).toEqual([]);
    seconds(1_000);
    expect(told.map((text) => text.split("\n"))).toEqual([
      [
        "TOO SLOW OR HANGING  the nights of a stay › are counted, or the test after it",
        "  what    nothing happened for 75 s: most likely a loop that never ends, or an",
        "          await of something that never comes",
        "  where   steps/01-aggregate, in what you changed last",
        "  next    look at what ends the loop or the wait, then run it again",
      ],
    ]);
  });

  it("is told without a test before the first one", () => {
    guard.onTestModuleStart?.(counted.module);
    seconds(75);
    expect(told.join()).toMatch(/^TOO SLOW OR HANGING {2}before the first test\n/);
  });
});

describe.skipIf(isDebugged())("a run in which something happens", () => {
  it("has another 75 seconds with each test and each file that begins or ends", () => {
    const { module, test } = counted;
    const signs = [
      () => guard.onTestModuleStart?.(module),
      () => guard.onTestCaseReady?.(test),
      () => guard.onTestCaseResult?.(test),
      () => guard.onTestModuleEnd?.(module),
    ];
    for (const sign of [...signs, ...signs]) {
      sign();
      seconds(74);
    }
    expect(told).toEqual([]);
  });

  it("is not told when it is over", () => {
    guard.onTestCaseResult?.(counted.test);
    guard.onTestRunEnd?.(modules, [], "passed");
    seconds(1_000);
    expect(told).toEqual([]);
  });
});
