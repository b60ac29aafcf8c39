/** For tests: a disk without waiting that refuses once, or a process that dies at a change to it. */

import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type { Disk } from "./disk.ts";

/** The process is gone; whoever catches this is gone, too. */
export class Crash extends Error {
  override readonly name = "Crash";
}

interface End {
  /** So many changes go well. */
  readonly after: number;
  readonly by: "crash" | "error";
}

/** Each call of a method counts as one change. A write that ends half-way leaves half the bytes. */
export function failingDisk(end?: End): Disk {
  let count = 0;
  const change = (work: () => void, half: () => void = () => {}): void => {
    const left = (end?.after ?? Number.POSITIVE_INFINITY) - count++;
    if (left > 0 || (left < 0 && end?.by === "error")) {
      work();
      return;
    }
    if (left === 0) half();
    if (end?.by === "crash") throw new Crash();
    throw Object.assign(new Error("ENOSPC: no space"), { code: "ENOSPC", syscall: "write" });
  };
  return {
    makeFolder: (path) => change(() => mkdirSync(path, { recursive: true })),
    write: (path, content) =>
      change(
        () => writeFileSync(path, content),
        () => writeFileSync(path, content.subarray(0, content.length / 2)),
      ),
    rename: (from, to) => change(() => renameSync(from, to)),
    flush: () => change(() => {}),
    remove: (path) => change(() => rmSync(path, { recursive: true, force: true })),
  };
}
