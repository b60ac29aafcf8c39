/** One process at a time: a lock file that names its owner, and does not outlive it for long. */

import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { codeOf } from "./disk.ts";

/** Someone else has held the lock for as long as the caller was ready to wait. */
export class LockTaken extends Error {
  override readonly name = "LockTaken";
}

/** Nothing in the workshop holds a lock for more than moments. */
const longestHeld = 60_000;

/**
 * Runs `work` while no other process holds `file`; waits for it up to `patience` milliseconds, then
 * throws LockTaken. The lock of a process that is gone is taken over. Not to be nested.
 */
export function withLock<Result>(file: string, work: () => Result, patience = 5_000): Result {
  acquire(file, patience);
  try {
    return work();
  } finally {
    if (readOwner(file) === ourselves()) rmSync(file, { force: true });
  }
}

function acquire(file: string, patience: number): void {
  const started = performance.now();
  const pause = new Int32Array(new SharedArrayBuffer(4));
  while (!isOurs(file)) {
    const owner = readOwner(file);
    if (owner !== undefined && isGone(file, owner)) takeAway(file, owner);
    else if (performance.now() - started > patience) {
      throw new LockTaken(
        `Another command of the workshop is at work here (process ${owner?.split(" ")[0]}). Wait until it is done and try again.`,
      );
    } else Atomics.wait(pause, 0, 0, 10);
  }
}

/** Tries to make the lock ours: only one can create a file that was not there. */
function isOurs(file: string): boolean {
  try {
    writeFileSync(file, ourselves(), { flag: "wx" });
    return true;
  } catch (error) {
    // Windows says EPERM while a file is being deleted.
    const isHeld =
      codeOf(error) === "EEXIST" || (process.platform === "win32" && codeOf(error) === "EPERM");
    if (!isHeld) throw error;
    return false;
  }
}

function ourselves(): string {
  return `${process.pid} ${hostname()}`;
}

function readOwner(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined; // Given back a moment ago.
  }
}

function isGone(file: string, owner: string): boolean {
  const age = Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  if (age > longestHeld) return true;
  const [pid = "", host] = owner.split(" ");
  // A number of another machine or container says nothing here.
  if (host !== hostname() || !/^\d+$/.test(pid)) return false;
  if (Number(pid) === process.pid) return true; // Ours, from a former life: locks are not nested.
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return codeOf(error) === "ESRCH";
  }
}

/** Two may find the same dead owner; whoever moved a living one's lock away by that puts it back. */
function takeAway(file: string, dead: string): void {
  const moved = `${file}.${process.pid}`;
  try {
    renameSync(file, moved);
    const owner = readFileSync(moved, "utf8");
    if (owner !== dead) writeFileSync(file, owner, { flag: "wx" });
  } catch {
    // Somebody else was first, which is as good.
  } finally {
    rmSync(moved, { force: true });
  }
}
