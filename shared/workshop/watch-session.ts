/**
 * A step's tests kept warm: Vitest and its servers stay up from one run to the next, so that a save
 * is answered in about the time that the tests themselves take.
 */

import type { Reporter, SerializedError, TestModule } from "vitest/node";
import { createVitest } from "vitest/node";
import { describeInfrastructure } from "../infrastructure/ladder.ts";
import { reportOf, type StepReport } from "./step-report.ts";
import { root, type Step } from "./steps.ts";
import { listener } from "./test-learner.ts";
import { watchdog } from "./watchdog.ts";

/** How long a cancelled run may take to end by itself before its workers are killed. */
const grace = 150;

export interface WatchSession {
  /** The servers in use, as `PostgreSQL 15 (local)`; empty where the step needs none. */
  servers(): string;
  /**
   * Runs the step's tests after these files changed. `onTest` hears how many have ended. Undefined where
   * the run was cancelled.
   */
  run(changed: readonly string[], onTest: (ended: number) => void): Promise<StepReport | undefined>;
  /** Ends the run under way, whatever its code is doing; resolves when it has ended. */
  cancel(): Promise<void>;
  close(): Promise<void>;
}

/** Prepares the learner's tree of a step. Earlier steps count as solved as they are now. */
export async function openSession(step: Step): Promise<WatchSession> {
  process.env.WORKSHOP_TREES = "learner";
  process.env.WORKSHOP_NEEDS = step.needs.join(",");
  const logged = new Map<string, string[]>();
  let onTest: (ended: number) => void = () => {};
  let ended = 0;
  let hanging: string | undefined;
  let running: Promise<unknown> | undefined;
  /** The run under way: whoever finds another one in its place has been cancelled. */
  let current: object | undefined;
  let outcome: { modules: readonly TestModule[]; errors: readonly SerializedError[] } | undefined;
  const counter: Reporter = {
    onTestCaseResult: () => {
      ended += 1;
      onTest(ended);
    },
    onTestRunEnd: (modules, errors) => {
      outcome = { modules, errors };
    },
  };
  const guard = watchdog(step, (text) => {
    hanging = text;
    void stop();
  });
  const vitest = await createVitest("test", {
    root,
    watch: false,
    reporters: [listener(logged), counter, guard],
  });

  /** The second request kills the workers: a loop without an await hears no first one. */
  async function stop(): Promise<void> {
    if (!running) return;
    const end = running.catch(() => {});
    const first = vitest.cancelCurrentRun("keyboard-input").catch(() => {});
    const isOver = await Promise.race([
      end.then(() => true),
      new Promise<false>((resolve) => setTimeout(() => resolve(false), grace)),
    ]);
    if (!isOver) await vitest.cancelCurrentRun("keyboard-input").catch(() => {});
    await Promise.all([first, end]);
  }

  return {
    servers: describeInfrastructure,
    async run(changed, listen) {
      const self = {};
      current = self;
      logged.clear();
      ended = 0;
      hanging = undefined;
      outcome = undefined;
      onTest = listen;
      for (const file of changed) vitest.invalidateFile(file);
      vitest.clearSpecificationsCache();
      const specifications = await vitest.globTestSpecifications([`steps/${step.id}/`]);
      if (current !== self) return undefined;
      running = vitest.runTestSpecifications(specifications, true);
      await running
        .catch(() => {})
        .finally(() => {
          running = undefined;
        });
      if (hanging !== undefined) {
        return { isGreen: false, tests: ended, failing: [], lines: [hanging] };
      }
      return current !== self || !outcome ? undefined : reportOf(step, outcome, logged);
    },
    async cancel() {
      current = undefined;
      await stop();
    },
    async close() {
      current = undefined;
      await stop();
      await vitest.close();
    },
  };
}
