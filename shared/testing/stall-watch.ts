/** Watches a test worker for loops that never end. */

import { beforeEach } from "vitest";
import { type StallSettings, startStallThread } from "./stall-thread.ts";

declare module "vitest" {
  interface ProvidedContext {
    readonly stalls: StallSettings | undefined;
  }
}

/** Starts the watch in this worker, for all that it runs. */
export function watchForStalls(settings: StallSettings): void {
  const thread = startStallThread(settings);
  beforeEach(({ task }) => thread.postMessage(task.id));
}
