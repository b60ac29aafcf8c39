/** Watches this thread for a loop without an await, which no time limit and no signal can interrupt. */

import { Worker } from "node:worker_threads";

export interface StallSettings {
  /** How much computing time this thread may use without hearing anything, in milliseconds. */
  readonly limit: number;
  /** How the process that is ended leaves word of it. */
  readonly word: StallFile | StallText;
}

/** As a `Stall` in `<pid>.json`. */
interface StallFile {
  readonly folder: string;
}

/** On the terminal; PLACE in it becomes the innermost line in a file whose path begins with `within`. */
interface StallText {
  readonly text: string;
  readonly within: string;
  /** Paths are told from here. */
  readonly root: string;
}

/** What an ended process has left. */
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

/** Starts the watch. The thread that is returned hears which test runs, by its id. */
export function startStallThread(settings: StallSettings): Worker {
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const thread = new Worker(new URL("./stall-thread.mjs", import.meta.url), {
    workerData: { beats, settings },
    execArgv: [],
    stdin: false,
  });
  thread.unref();
  setInterval(() => Atomics.add(beats, 0, 1), settings.limit / 20).unref();
  return thread;
}
