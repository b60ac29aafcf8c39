/**
 * Each test worker notes itself in the run's ledger, so that it is ended with its run whatever it does;
 * where the run asks for it, it is watched for loops that never end.
 */

import { inject } from "vitest";
import { watchForStalls } from "../testing/stall-watch.ts";
import { joinRun } from "./run.ts";

joinRun(inject("ledger"));
const stalls = inject("stalls");
if (stalls) watchForStalls(stalls);
