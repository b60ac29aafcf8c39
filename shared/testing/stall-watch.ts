/** Watches a test worker for loops that never end. */

import type { Worker } from "node:worker_threads";
import { beforeEach } from "vitest";
import { type StallSettings, startStallThread } from "./stall-thread.ts";

declare module "vitest" {
  interface ProvidedContext {
    readonly stalls: StallSettings | undefined;
  }
}

// A worker may run several test files, each of which loads this one anew.
const key = Symbol.for("event-sourcing-workshop.stall-thread");
const shared = globalThis as { [key]?: Worker };

/** Starts the watch in this worker, for all that it runs; call it once for each test file. */
export function watchForStalls(settings: StallSettings): void {
  shared[key] ??= startStallThread(settings);
  const thread = shared[key];
  beforeEach(({ task }) => thread.postMessage(task.id));
}
