/** Each test worker notes itself in the run's ledger, so that one in an endless loop is ended with its run. */

import { inject } from "vitest";
import { joinRun } from "./run.ts";

joinRun(inject("ledger"));
