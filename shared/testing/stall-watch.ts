/** Watches a test worker for a loop without an await, which no time limit of a test can interrupt. */

import { Worker } from "node:worker_threads";
import { beforeEach } from "vitest";

export interface StallSettings {
  /** How much computing time the worker may use without hearing anything, in milliseconds. */
  readonly limit: number;
  /** Where a worker that is ended leaves word, as `<pid>.json`. */
  readonly folder: string;
}

declare module "vitest" {
  interface ProvidedContext {
    readonly stalls: StallSettings | undefined;
  }
}

/** What an ended worker has left. */
export interface Stall {
  /** The id of the test that ran; none while its file was loaded. */
  readonly test?: string;
  /** Innermost first; lines as in the source. */
  readonly frames: readonly {
    readonly functionName: string;
    readonly file: string;
    readonly line: number;
  }[];
}

/** Starts the watch in this worker, for all that it runs. */
export function watchForStalls({ limit, folder }: StallSettings): void {
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const thread = new Worker(new URL("./stall-thread.mjs", import.meta.url), {
    workerData: { beats, limit, folder },
    execArgv: [],
    stdin: false,
  });
  thread.unref();
  setInterval(() => Atomics.add(beats, 0, 1), limit / 20).unref();
  beforeEach(({ task }) => thread.postMessage(task.id));
}
