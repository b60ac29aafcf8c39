/** Notices a query that was sent before the one before it on its connection was answered: an await is missing. */

import { TestRunner } from "vitest";

declare module "vitest" {
  interface TaskMeta {
    /** The stack of such a query. */
    unawaited?: string;
  }
}

/** From now on, in this worker. The driver says so once for each process, by a warning of Node's. */
export function watchForUnawaitedQueries(): void {
  process.removeAllListeners("warning"); // Node's own, which prints it between the lines of a report.
  process.on("warning", (warning) => {
    const test = TestRunner.getCurrentTest();
    if (test && isAboutQueries(warning)) test.meta.unawaited = warning.stack ?? "";
    else console.warn(String(warning));
  });
}

/** `pg` queues such a query: it does no harm by itself, but nobody waits for what it answers. */
function isAboutQueries({ message }: Error): boolean {
  return message.includes("when the client is already executing a query");
}
