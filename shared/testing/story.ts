/**
 * What a test is about, in the domain's words. The report shows it beside a failure of any kind: a
 * wrong answer, a crash, a test that hangs.
 */

import { beforeEach, type TaskMeta, TestRunner } from "vitest";

export interface Story {
  /** What is the case before; an array stands for lines that are kept as they are. */
  readonly given?: string | readonly string[];
  readonly when: string | readonly string[];
  /** What has to come of it. */
  readonly wanted: string | readonly string[];
  /** What it costs in production when it is otherwise; see also `costs`. */
  readonly costs?: string;
}

declare module "vitest" {
  interface TaskMeta {
    story?: Story;
    costs?: string;
  }
}

/** Tells the story of the running test. In a test that tells several, the last one counts. */
export function story(told: Story): void {
  metaOfTest().story = told;
}

/** What a failure of any test in this `describe` costs in production, unless its story says more. Call it first. */
export function costs(text: string): void {
  beforeEach(({ task }) => {
    task.meta.costs = text;
  });
}

function metaOfTest(): TaskMeta {
  const test = TestRunner.getCurrentTest();
  if (!test) throw new Error("A story is told inside a test.");
  return test.meta;
}
