/** Writing so that a crash or a lost power line leaves the old or the new, never a half. */

import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

/** What the workshop does to files; tests put one in its place that fails or dies half-way. */
export interface Disk {
  makeFolder(path: string): void;
  /** Writes the whole file and waits until it is on the disk. */
  write(path: string, content: Uint8Array): void;
  /** Puts `from` in the place of `to`, in one stroke. Both lie on one file system. */
  rename(from: string, to: string): void;
  /** Waits until the folder knows its files on the disk, too. */
  flush(folder: string): void;
  /** Removes a file or a folder; one that is not there is fine. */
  remove(path: string): void;
}

export const disk: Disk = {
  makeFolder: (path) => {
    mkdirSync(path, { recursive: true });
  },
  write(path, content) {
    const file = openSync(path, "w");
    try {
      writeFileSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  },
  rename(from, to) {
    renameSync(from, to);
    flushFolder(dirname(to));
  },
  flush: flushFolder,
  remove: (path) => rmSync(path, { recursive: true, force: true }),
};

/** The file's bytes: a learner's text may be in any encoding. Undefined where there is no file. */
export function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Writes a file by way of another beside it, so that readers see the old text or the new one. */
export function replaceFile(path: string, text: string, on: Disk = disk): void {
  on.makeFolder(dirname(path));
  const written = join(dirname(path), `.${process.pid}.${Date.now()}.new`);
  try {
    on.write(written, Buffer.from(text));
    on.rename(written, path);
  } catch (error) {
    on.remove(written);
    throw error;
  }
}

/** The system's code of an error, as in `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: "this user may not write there",
  EPERM: "this user may not write there, or another program holds the file",
  EBUSY: "another program holds the file",
  EROFS: "it is on a disk that is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "your part of the disk is full",
  EISDIR: "a folder is where a file should be",
  ENOENT: "the folder is not there",
  ENOTDIR: "a file is where a folder should be",
};

/** Why the system refused, in words; undefined for an error that did not come from a file. */
export function refusalOf(error: unknown): string | undefined {
  const code = codeOf(error);
  if (code === undefined || !(error instanceof Error) || !("syscall" in error)) return undefined;
  return `${reasons[code] ?? error.message} (${code})`;
}

/** A rename is only safe from a power cut when its folder is on the disk; Windows does this by itself. */
function flushFolder(path: string): void {
  if (process.platform === "win32") return;
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } catch {
    // Some network file systems cannot; the rename itself is done.
  } finally {
    closeSync(folder);
  }
}
