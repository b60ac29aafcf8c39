/**
 * A step's tests kept warm: Vitest and its servers stay up from one run to the next, so that a save
 * is answered in about the time that the tests themselves take.
 */

import type { Reporter } from "vitest/node";
import { describeInfrastructure } from "../infrastructure/ladder.ts";
import { listener } from "./listener.ts";
import { openVitest, type Run } from "./run-vitest.ts";
import { reportOf, type StepReport } from "./step-report.ts";
import type { Step } from "./steps.ts";
import { openTypeChecker, typeErrorLines } from "./type-errors.ts";
import { watchdog } from "./watchdog.ts";

export interface WatchSession {
  /** The servers in use, as `PostgreSQL 15 (local)`; empty where the step needs none. */
  servers(): string;
  /** Runs the step's tests after these files changed. Undefined where the run was cancelled. */
  run(changed: readonly string[], listener: RunListener): Promise<StepReport | undefined>;
  /** The type errors in the step's files as they are now, as lines below the report. */
  typeErrors(report: readonly string[]): Promise<readonly string[]>;
  /** Ends the run under way, whatever its code is doing; resolves when it has ended. */
  cancel(): Promise<void>;
  close(): Promise<void>;
}

export interface RunListener {
  /** Hears how many tests have ended. */
  readonly onTest: (ended: number) => void;
  /** Hears what has become of the tests beside the one that was explained last; the others are to come. */
  readonly onFirst: (report: StepReport) => void;
}

/** Prepares the learner's tree of a step. Earlier steps count as solved as they are now. */
export async function openSession(step: Step): Promise<WatchSession> {
  const logged = new Map<string, string[]>();
  let onTest: (ended: number) => void = () => {};
  let ended = 0;
  /** What the watchdog said of the run under way. */
  const barks: string[] = [];
  /** Where the test stands that the last report has explained. */
  let explained: string | undefined;
  /** The run under way: whoever finds another one in its place has been cancelled. */
  let current: object | undefined;
  const counter: Reporter = {
    onTestCaseResult: () => {
      ended += 1;
      onTest(ended);
    },
  };
  const guard = watchdog(step, (text) => {
    barks.push(text);
    void session.cancel();
  });
  const types = openTypeChecker(step);
  const session = await openVitest(["learner"], step, [listener(logged), counter, guard]);

  return {
    servers: () => (step.needs.length > 0 ? describeInfrastructure() : ""),
    async run(changed, { onTest: listen, onFirst }) {
      const self = {};
      current = self;
      logged.clear();
      ended = 0;
      barks.length = 0;
      onTest = listen;
      session.invalidate(changed);
      const tell = (first: Run): void => {
        if (current === self) onFirst(reportOf(step, first, logged, "under way"));
      };
      let run: Run | undefined;
      try {
        run = await session.run({
          first: explained === undefined ? undefined : { file: explained, onEnd: tell },
        });
      } catch (error) {
        if (current === self && barks.length === 0) throw error;
      }
      if (barks.length > 0) {
        const lines = barks.flatMap((text) => text.split("\n"));
        return { isGreen: false, tests: ended, failing: [], lines, shorter: [] };
      }
      if (current !== self || !run) return undefined;
      const report = reportOf(step, run, logged);
      explained = report.file;
      return report;
    },
    async typeErrors(report) {
      return typeErrorLines((await types.check()) ?? [], report);
    },
    async cancel() {
      current = undefined;
      await session.cancel();
    },
    async close() {
      current = undefined;
      types.close();
      await session.close();
    },
  };
}
