/**
 * What a run leaves in the world, noted before it is made.
 *
 * One file of JSON lines per run, readable by its owner only (it holds the servers' URLs). The run
 * cleans up by it when it ends; when it could not, the next run does (`cleaning.ts`).
 */

import {
  appendFileSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import type { ProcessIdentity } from "./process-identity.ts";

export type LedgerEntry =
  | EntryOnServer
  | { readonly kind: "containers"; readonly label: string }
  | { readonly kind: "directory"; readonly path: string }
  | ServerProcess
  | ({ readonly kind: "worker" } & ProcessIdentity);

/** A process that the run has started; of a private server, with the URL at which it is reached. */
export interface ServerProcess extends ProcessIdentity {
  readonly kind: "process";
  readonly serves?: string;
}

export interface EntryOnServer {
  readonly kind: "database" | "queue" | "exchange";
  readonly server: string;
  readonly name: string;
  /** The process with which the server ends, and all that is on it. */
  readonly owner?: ProcessIdentity;
}

interface Opening {
  readonly run: string;
  readonly owner: ProcessIdentity;
}

export interface Ledger extends Opening {
  readonly file: string;
  readonly writtenAt: Date;
  /** What was noted and is not yet gone, in the order of the notes. */
  readonly pending: readonly LedgerEntry[];
}

/** Where ledgers are kept: one folder for all clones of a user, because servers are shared by them too. */
export function ledgerFolder(): string {
  return join(tmpdir(), `event-sourcing-workshop-${userInfo().uid}`);
}

/** Begins the ledger of a run and returns its file. */
export function beginLedger(opening: Opening): string {
  const folder = ledgerFolder();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = statSync(folder);
  if (process.getuid && (uid !== process.getuid() || (mode & 0o077) !== 0)) {
    throw new Error(`${folder} is open to other users of this machine: remove it, then try again.`);
  }
  const file = join(folder, `${opening.run}.jsonl`);
  appendFileSync(file, `${JSON.stringify(opening)}\n`, { mode: 0o600, flag: "wx" });
  return file;
}

/**
 * Notes what is about to be made. Call the returned function once it is gone again.
 * @throws when the ledger is closed: then the run is over, and nothing may be made any more
 */
export function note(file: string, entry: LedgerEntry): () => void {
  append(file, { note: entry });
  return () => {
    try {
      append(file, { gone: entry });
    } catch (error) {
      // Whoever removed the ledger has cleaned up by it.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  };
}

/** One write to a file that exists: lines of several processes do not mix, and a closed ledger stays closed. */
function append(file: string, line: object): void {
  const handle = openSync(file, constants.O_WRONLY | constants.O_APPEND);
  try {
    writeSync(handle, `${JSON.stringify(line)}\n`);
  } finally {
    closeSync(handle);
  }
}

/** Reads a ledger, or returns undefined where it is gone or was never begun properly. */
export function readLedger(file: string): Ledger | undefined {
  let text: string;
  let writtenAt: Date;
  try {
    text = readFileSync(file, "utf8");
    writtenAt = statSync(file).mtime;
  } catch {
    return undefined;
  }
  const lines = text.split("\n").flatMap(parsed);
  const opening = lines.find((line): line is Opening => "owner" in line);
  if (!opening) return undefined;
  const pending = new Map<string, LedgerEntry>();
  for (const line of lines) {
    if ("note" in line) pending.set(JSON.stringify(line.note), line.note);
    if ("gone" in line) pending.delete(JSON.stringify(line.gone));
  }
  return { ...opening, file, writtenAt, pending: [...pending.values()] };
}

type Line = Opening | { readonly note: LedgerEntry } | { readonly gone: LedgerEntry };

/** A process that was killed may leave half a line; what it announces was not made yet. */
function parsed(line: string): Line[] {
  try {
    return [JSON.parse(line) as Line];
  } catch {
    return [];
  }
}

/** Closes a ledger: what is noted in it is gone. */
export function endLedger(file: string): void {
  rmSync(file, { force: true });
}

export function allLedgers(): Ledger[] {
  let names: string[];
  try {
    names = readdirSync(ledgerFolder());
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith(".jsonl"))
    .flatMap((name) => readLedger(join(ledgerFolder(), name)) ?? []);
}
