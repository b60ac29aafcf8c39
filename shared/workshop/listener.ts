/** What the code under test prints. */

import type { Reporter } from "vitest/node";

/** Collects it into `logged`, by the id of the test. */
export function listener(logged: Map<string, string[]>): Reporter {
  return {
    onUserConsoleLog({ taskId = "", content }) {
      logged.set(taskId, [...(logged.get(taskId) ?? []), content]);
    },
  };
}
