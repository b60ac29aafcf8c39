/**
 * The child's side: it gets its settings, says that it is ready, and ends when it is told to, or when nobody
 * is left who could tell it. Settings come as a message, because the arguments of a process, and the
 * passwords in them, are there for all to read.
 */

import type { FromChild, ToChild } from "./messages.ts";

/** What a child has started. */
export interface Work {
  /** Where it is reached, if it serves something. */
  readonly url?: string;
  /** Ends it after what it has in hand. */
  stop(): Promise<void>;
}

/** Milliseconds that the work has for its end; then the process ends without it. */
const farewell = 8_000;

/**
 * Runs the work that `start` makes of the settings until the parent says stop, or is gone. Ends the process.
 * What cannot be started ends it with 1; the parent tries again.
 */
export function runAsChild<Settings>(start: (settings: Settings) => Promise<Work>): void {
  if (process.send === undefined) {
    throw new TypeError("This program is started by another one, and cannot be started by itself.");
  }
  let work: Promise<Work> | undefined;
  let isEnding = false;
  const stop = (): void => {
    if (isEnding) return;
    isEnding = true;
    setTimeout(() => process.exit(1), farewell).unref();
    void Promise.resolve(work)
      .then((running) => running?.stop())
      .then(
        () => process.exit(0),
        () => process.exit(1),
      );
  };
  // A terminal sends Ctrl-C to all that were started from it. The order in which they end is the parent's.
  process.on("SIGINT", () => undefined).on("SIGHUP", () => undefined);
  process.on("SIGTERM", stop).on("disconnect", stop);
  process.on("message", (message: ToChild<Settings>) => {
    if (message.kind === "stop") return stop();
    work = start(message.settings);
    work.then(
      ({ url }) => tell({ kind: "ready", ...(url === undefined ? {} : { url }) }),
      (error: unknown) => {
        console.error(error instanceof Error ? error.message : error);
        process.exit(1);
      },
    );
  });
}

/** Nothing, where the parent is gone: `disconnect` says so. */
function tell(message: FromChild): void {
  process.send?.(message, undefined, undefined, () => undefined);
}
