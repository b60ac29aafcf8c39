/** One guided mode in a clone at a time. */

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { identityOf, isAlive, type ProcessIdentity } from "../infrastructure/process-identity.ts";
import { Refused } from "./command.ts";
import { codeOf, readIfThere } from "./disk.ts";

/** Claims the clone until the process ends; throws Refused where another one holds it. */
export function claimWatch(root: string): void {
  const file = join(root, ".workshop", "start.json");
  mkdirSync(dirname(file), { recursive: true });
  const holder = readHolder(file);
  if (holder && isAlive(holder)) throw taken(holder);
  rmSync(file, { force: true });
  try {
    writeFileSync(file, JSON.stringify(identityOf(process.pid)), { flag: "wx" });
  } catch (error) {
    if (codeOf(error) === "EEXIST") throw taken(readHolder(file));
    throw error;
  }
  process.once("exit", () => rmSync(file, { force: true }));
}

function taken(holder: ProcessIdentity | undefined): Refused {
  return new Refused(
    `npm start is at work in this clone already${holder ? ` (process ${holder.pid})` : ""}. ` +
      "Go on there, or end it with q first.",
  );
}

/** Undefined where nobody holds it, or what stands there is no claim. */
function readHolder(file: string): ProcessIdentity | undefined {
  try {
    const { pid, started }: Partial<ProcessIdentity> = JSON.parse(
      readIfThere(file)?.toString("utf8") ?? "{}",
    );
    return pid === undefined || started === undefined ? undefined : { pid, started };
  } catch {
    return undefined;
  }
}
