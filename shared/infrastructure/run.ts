/**
 * This process's run: its id, its ledger, and the promise that nothing stays behind.
 *
 * However the process ends, save by SIGKILL, it passes through its `exit` event. No promise is
 * waited for there, so a child process does what is left to clean up.
 */

import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { threadId } from "node:worker_threads";
import { cleanUp, sweep } from "./cleaning.ts";
import { beginLedger, endLedger, type LedgerEntry, note, readLedger } from "./ledger.ts";
import { identityOf } from "./process-identity.ts";

export interface Run {
  /** Six letters and digits, part of every name that the run gives. */
  readonly id: string;
  readonly ledger: string;
  /** What the sweep of earlier runs has to say. */
  readonly notices: readonly string[];
  /** Notes what is about to be made; call the result once it is gone. */
  note(entry: LedgerEntry): () => void;
  /** A name that nothing else has: `workshop_k3f9a2_17_1`. */
  newName(): string;
}

// Vitest loads the global set-up once per project: they share the process, so they share the run.
const key = Symbol.for("event-sourcing-workshop.run");
const namesKey = Symbol.for("event-sourcing-workshop.names");
const shared = globalThis as { [key]?: Promise<Run> | undefined };

/** The run of this process. The first call sweeps what earlier ones have left. */
export function currentRun(): Promise<Run> {
  shared[key] ??= begin();
  return shared[key];
}

const joined = new Map<string, Run>();

const interruptions = new Set<() => Promise<void>>();

/**
 * What a program does in order before a Ctrl-C or SIGTERM ends it; a second one does not wait for that. It
 * has to end by itself. What is returned takes it back.
 */
export function onInterruption(goodbye: () => Promise<void>): () => void {
  interruptions.add(goodbye);
  return () => interruptions.delete(goodbye);
}

/** Joins the run of another process, as test workers do: it cleans up for them. */
export function joinRun(ledger: string): Run {
  const known = joined.get(ledger);
  if (known) return known;
  const opening = readLedger(ledger);
  if (!opening) throw new Error(`The run of ${ledger} is over.`);
  const self = identityOf(process.pid);
  // A worker may be a thread of the owner, which must not be ended in the owner's name.
  if (self && self.pid !== opening.owner.pid) note(ledger, { kind: "worker", ...self });
  const run = runWith(opening.run, ledger, []);
  joined.set(ledger, run);
  return run;
}

/** Removes everything that the run has made, and ends it. Returns what could not be removed. */
export async function endCurrentRun(): Promise<readonly string[]> {
  const run = await shared[key];
  shared[key] = undefined;
  return run ? cleanUp(run.ledger) : [];
}

async function begin(): Promise<Run> {
  const owner = identityOf(process.pid);
  if (!owner) throw new Error("This system does not tell when a process was started.");
  const id = newRunId();
  const ledger = beginLedger({ run: id, owner });
  process.once("exit", () => cleanUpAtExit(ledger));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    // Stays: a second one, from a parent or an impatient hand, would end the process before all is removed.
    process.on(signal, () => {
      const goodbyes = [...interruptions];
      interruptions.clear();
      const exit = (): never => process.exit(128 + constants.signals[signal]);
      if (goodbyes.length === 0) exit();
      void Promise.allSettled(goodbyes.map((goodbye) => goodbye())).then(exit);
    });
  }
  return runWith(id, ledger, await sweep());
}

// A test worker may load this file anew for each file of tests, and counts on.
const names = globalThis as { [namesKey]?: number };

function runWith(id: string, ledger: string, notices: readonly string[]): Run {
  return {
    id,
    ledger,
    notices,
    note: (entry) => note(ledger, entry),
    newName: () => {
      const count = (names[namesKey] ?? 0) + 1;
      names[namesKey] = count;
      return `workshop_${id}_${process.pid}_${threadId}_${count}`;
    },
  };
}

function newRunId(): string {
  const alphabet = "abcdefghijkmnpqrstuvwxyz23456789";
  return Array.from({ length: 6 }, () => alphabet[randomInt(alphabet.length)]).join("");
}

function cleanUpAtExit(file: string): void {
  const ledger = readLedger(file);
  if (!ledger) return;
  if (ledger.pending.length === 0) {
    endLedger(file);
    return;
  }
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  spawnSync(process.execPath, ["--import", tsx, join(import.meta.dirname, "janitor.ts"), file], {
    // Out of reach of a second Ctrl-C.
    ...{ detached: true },
    stdio: ["ignore", "inherit", "inherit"],
    windowsHide: true,
    timeout: 25_000,
    env: { ...process.env, NODE_OPTIONS: "" },
  });
}
