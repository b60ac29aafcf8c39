/**
 * The file behind the learner's progress, `.workshop/progress.json`: small, the same on every
 * system, and keyed by step id, so that it survives an update of the workshop and a move.
 */

import { existsSync, mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { readIfThere, refusalOf, replaceFile } from "./disk.ts";
import { LockTaken, withLock } from "./lock.ts";

/** What is known of one step. Instants are ISO texts in UTC. */
export interface StepProgress {
  /** When a command for this step was first called. */
  readonly opened?: string;
  /** When its tests were first run. */
  readonly tested?: string;
  /** When its tests were first green; kept when the files change afterwards. */
  readonly solved?: string;
  /** When a command for this step was last called, until it was solved. */
  readonly seen?: string;
  /** Time spent on it until it was solved, in seconds; pauses and other steps do not count. */
  readonly seconds?: number;
  /** Of the learner's files, when the last run was green; none when it was red. */
  readonly fingerprint?: string;
  /** Task number to how many of its hints were shown. */
  readonly hints?: Readonly<Record<string, number>>;
  /** The titles of the tests that the last run found red, the one that was explained first. */
  readonly failing?: readonly string[];
  /** A mistake's id to whether the first guess named tests that catch it. */
  readonly guesses?: Readonly<Record<string, boolean>>;
}

export interface Progress {
  readonly format: 1;
  /** By step id. Steps that this workshop does not know are kept. */
  readonly steps: Readonly<Record<string, StepProgress>>;
}

/** The file cannot be used; the message is for the learner. */
export class ProgressUnusable extends Error {
  override readonly name = "ProgressUnusable";
}

const knownFormat = 1;

/**
 * The learner's progress; that of a beginner where there is no file. A broken file is set aside, and
 * `warn` is told. Throws ProgressUnusable for a file of a newer workshop, or one that cannot be read.
 */
export function loadProgress(root: string, warn: (message: string) => void): Progress {
  return orUnusable("read from", () => {
    const found = parse(root);
    return found === "broken" ? withLock(lockOf(root), () => setAsideIfBroken(root, warn)) : found;
  });
}

/**
 * Whether the next command will set the file aside and begin anew; it is only looked at. Throws
 * ProgressUnusable as loadProgress does.
 */
export function progressIsBroken(root: string): boolean {
  return orUnusable("read from", () => parse(root) === "broken");
}

/**
 * Changes what is known of one step, reading the file again first, so that of two processes at once
 * neither loses anything. Throws ProgressUnusable where nothing can be saved.
 */
export function changeStep(
  root: string,
  stepId: string,
  change: (step: StepProgress, all: Progress["steps"]) => StepProgress,
  warn: (message: string) => void,
): void {
  orUnusable("saved in", () => {
    mkdirSync(dirname(fileOf(root)), { recursive: true });
    withLock(lockOf(root), () => {
      const progress = setAsideIfBroken(root, warn);
      const changed = change(progress.steps[stepId] ?? {}, progress.steps);
      const steps = { ...progress.steps, [stepId]: changed };
      replaceFile(fileOf(root), `${JSON.stringify({ ...progress, steps }, null, 2)}\n`);
    });
  });
}

function orUnusable<Result>(done: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    const reason = error instanceof LockTaken ? error.message : refusalOf(error);
    if (reason === undefined) throw error;
    throw new ProgressUnusable(
      `Your progress could not be ${done} .workshop/progress.json: ${reason}`,
    );
  }
}

function fileOf(root: string): string {
  return join(root, ".workshop", "progress.json");
}

function lockOf(root: string): string {
  return join(root, ".workshop", "progress.lock");
}

/** Called under the lock: another process may have mended the file meanwhile. */
function setAsideIfBroken(root: string, warn: (message: string) => void): Progress {
  const found = parse(root);
  if (found !== "broken") return found;
  const time = new Date().toISOString().replaceAll(/[:.]/g, "-");
  const name = `progress.broken-${time}.json`;
  if (existsSync(fileOf(root))) renameSync(fileOf(root), join(root, ".workshop", name));
  warn(
    `.workshop/progress.json was broken; it is now .workshop/${name}, and your progress begins anew: npm test N finds each step solved again.`,
  );
  return beginner;
}

const beginner: Progress = { format: knownFormat, steps: {} };

function parse(root: string): Progress | "broken" {
  const text = readIfThere(fileOf(root))?.toString("utf8");
  if (text === undefined) return beginner;
  let stored: unknown;
  try {
    stored = JSON.parse(text);
  } catch {
    return "broken";
  }
  if (!isRecord(stored)) return "broken";
  const { format } = stored;
  if (typeof format === "number" && format > knownFormat) {
    throw new ProgressUnusable(
      `.workshop/progress.json is of a newer workshop (format ${format}; this one knows format ${knownFormat}). It is left as it is, and nothing is saved: update the workshop (WORKSHOP.md, Updating), or move the file away.`,
    );
  }
  if (format === undefined) return ofFirstWorkshops(stored.solved);
  return isProgress(stored) ? stored : "broken";
}

/** Before there was a format, the file held `solved`: step id to fingerprint. */
function ofFirstWorkshops(solved: unknown): Progress | "broken" {
  if (!isRecord(solved)) return "broken";
  const steps = Object.entries(solved).flatMap(([id, fingerprint]) =>
    typeof fingerprint === "string" ? [[id, { fingerprint }] as const] : [],
  );
  return { format: knownFormat, steps: Object.fromEntries(steps) };
}

function isProgress(
  value: Readonly<Record<string, unknown>>,
): value is Record<string, unknown> & Progress {
  const { format, steps } = value;
  return format === knownFormat && isRecord(steps) && Object.values(steps).every(isStepProgress);
}

function isStepProgress(value: unknown): value is StepProgress {
  if (!isRecord(value)) return false;
  const { opened, tested, solved, seen, seconds, fingerprint, hints, failing, guesses } = value;
  return (
    [opened, tested, solved, seen].every(isInstantOrNone) &&
    (seconds === undefined || Number.isSafeInteger(seconds)) &&
    (fingerprint === undefined || typeof fingerprint === "string") &&
    (hints === undefined ||
      (isRecord(hints) && Object.values(hints).every(Number.isSafeInteger))) &&
    (failing === undefined ||
      (Array.isArray(failing) && failing.every((title) => typeof title === "string"))) &&
    (guesses === undefined ||
      (isRecord(guesses) && Object.values(guesses).every((right) => typeof right === "boolean")))
  );
}

function isInstantOrNone(value: unknown): boolean {
  return value === undefined || (typeof value === "string" && !Number.isNaN(Date.parse(value)));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
