/** Where test workers that are caught in a loop leave word before they are ended. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { currentRun } from "../infrastructure/run.ts";
import type { Stall, StallSettings } from "../testing/stall-thread.ts";

/** More computing time than a learner's code takes without an await, in milliseconds. */
export const stallLimit = 4_000;

export interface StallFolder {
  readonly settings: StallSettings;
  /** Calls `act` once there is something to take; ends with the call of the result. */
  onFirst(act: () => void): () => void;
  /** What was left since the last call. */
  take(): readonly Stall[];
}

/** Makes the folder; it goes with this process's run. */
export async function openStallFolder(): Promise<StallFolder> {
  const run = await currentRun();
  const folder = mkdtempSync(join(tmpdir(), `workshop-${run.id}-stalls-`));
  run.note({ kind: "directory", path: folder });
  return {
    settings: { limit: stallLimit, word: { folder } },
    onFirst(act) {
      const timer = setInterval(() => {
        if (readdirSync(folder).length === 0) return;
        clearInterval(timer);
        act();
      }, 100);
      return () => clearInterval(timer);
    },
    take: () =>
      readdirSync(folder).map((name) => {
        const file = join(folder, name);
        const stall: Stall = JSON.parse(readFileSync(file, "utf8"));
        rmSync(file);
        return stall;
      }),
  };
}
