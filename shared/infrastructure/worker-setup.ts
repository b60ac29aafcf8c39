/**
 * Each test worker notes itself in the run's ledger, so that it is ended with its run whatever it does;
 * where the run asks for it, it is watched for loops that never end. One that is debugged may stand still.
 */

import { inject, vi } from "vitest";
import { watchForStalls } from "../testing/stall-watch.ts";
import { watchForUnawaitedQueries } from "../testing/unawaited.ts";
import { isDebugged, waitAtBreakPoints } from "./debugged.ts";
import { joinRun } from "./run.ts";

joinRun(inject("ledger"));
const stalls = inject("stalls");
if (isDebugged()) {
  vi.setConfig({ testTimeout: 0, hookTimeout: 0 });
  waitAtBreakPoints();
} else if (stalls) watchForStalls(stalls);
// The tree of a learner.
if (stalls) watchForUnawaitedQueries();
