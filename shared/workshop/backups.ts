/**
 * The one way in which the workshop changes a learner's files: what is there is kept first.
 *
 * `.workshop/backups/<time>-<what>-<step>/` holds `before/` (the learner's bytes), `after/` (what takes
 * their place) and, written last, `backup.json`: without it the folder counts for nothing, with it nothing
 * is lost. Then the files are replaced one by one, and `done` is written. Whoever comes to a backup
 * without `done` finds a crash, and finishes the work.
 */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Refused } from "./command.ts";
import { type Disk, readIfThere, disk as realDisk, refusalOf, replaceFile } from "./disk.ts";
import { withLock } from "./lock.ts";

export interface Backup {
  /** The folder's name; backups sort by it. */
  readonly name: string;
  readonly what: string;
  readonly stepId: string;
  /** ISO instant in UTC. */
  readonly time: string;
  /** The names of the files that were changed. */
  readonly files: readonly string[];
}

/** What a file of the step is to be; without content it is to be removed. */
export interface Target {
  readonly name: string;
  readonly content: Uint8Array | undefined;
}

export interface Place {
  /** The repository. */
  readonly root: string;
  readonly disk?: Disk;
}

export interface Changed {
  /** What was there; none where the files were so already. */
  readonly backup?: Backup;
  /** What a crash had left half done in this step, and is finished now. */
  readonly finished: readonly Backup[];
}

/**
 * Makes the step's files what `targets` say, and keeps what was there. Other files are not touched.
 * Throws Refused when it cannot be done; then every file is as it was, but for what was finished.
 */
export function changeFiles(
  place: Place,
  what: string,
  stepId: string,
  targets: readonly Target[],
): Changed {
  return underLock(place, () => {
    const finished = finishInterrupted(place, stepId);
    const changes = targets.flatMap(({ name, content }) => {
      const before = readIfThere(fileOf(place, stepId, name));
      return isSame(before, content) ? [] : [{ name, before, after: content }];
    });
    if (changes.length === 0) return { finished };
    const backup = keep(place, what, stepId, changes);
    try {
      carryOut(place, backup, changes);
    } catch (error) {
      if (error instanceof Refused && !(error instanceof HalfDone)) forget(place, backup);
      throw error;
    }
    return { backup, finished };
  });
}

/** What the files of a backup were before; hand it to changeFiles to have them so again. */
export function contentBefore(place: Place, backup: Backup): readonly Target[] {
  return backup.files.map((name) => ({
    name,
    content: readIfThere(join(folderOf(place, backup.name), "before", name)),
  }));
}

/** All backups that are whole, the latest first. */
export function allBackups(place: Place): readonly Backup[] {
  const folder = backupsOf(place);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .reverse()
    .flatMap((name) => readBackup(place, name) ?? []);
}

/** What `backup.json` holds. */
interface Manifest {
  readonly format: number;
  readonly what: string;
  readonly step: string;
  readonly time: string;
  readonly files: readonly string[];
}

interface Change {
  readonly name: string;
  readonly before: Uint8Array | undefined;
  readonly after: Uint8Array | undefined;
}

/** Files that the learner has changed since the crash are left alone. */
function finishInterrupted(place: Place, stepId: string): readonly Backup[] {
  const begun = allBackups(place)
    .filter(({ name, stepId: id }) => id === stepId && !existsSync(doneOf(place, name)))
    .reverse();
  for (const backup of begun) {
    const kept = folderOf(place, backup.name);
    const changes = backup.files.map((name) => ({
      name,
      before: readIfThere(join(kept, "before", name)),
      after: readIfThere(join(kept, "after", name)),
    }));
    const isWaiting = ({ name, before }: Change): boolean =>
      isSame(before, readIfThere(fileOf(place, stepId, name)));
    carryOut(place, backup, changes.filter(isWaiting));
  }
  return begun;
}

/** Writes the backup; it counts from the moment in which `backup.json` is there. */
function keep(place: Place, what: string, stepId: string, changes: readonly Change[]): Backup {
  const on = place.disk ?? realDisk;
  const time = nextTime(place);
  const name = `${time.replaceAll(/[:.]/g, "-")}-${what}-${stepId}`;
  const backup = { name, what, stepId, time, files: changes.map((change) => change.name) };
  const folder = folderOf(place, name);
  try {
    for (const side of ["before", "after"] as const) {
      on.makeFolder(join(folder, side));
      for (const change of changes) {
        const content = change[side];
        if (content) on.write(join(folder, side, change.name), content);
      }
      on.flush(join(folder, side));
    }
    const manifest: Manifest = { format: 1, what, step: stepId, time, files: backup.files };
    replaceFile(join(folder, "backup.json"), `${JSON.stringify(manifest, null, 2)}\n`, on);
    on.flush(backupsOf(place));
  } catch (error) {
    on.remove(folder);
    throw asRefused(error, "Nothing was changed, for your files could not be backed up");
  }
  return backup;
}

/** Replaces the files; when one fails, it puts back those before it, and throws Refused. */
function carryOut(place: Place, backup: Backup, changes: readonly Change[]): void {
  const on = place.disk ?? realDisk;
  const begun: Change[] = [];
  try {
    // All are written before the first is replaced: from here on neither space nor permission can run out.
    for (const { name, after } of changes) {
      if (after) on.write(stagedOf(place, backup.stepId, name), after);
    }
    for (const change of changes) {
      const file = fileOf(place, backup.stepId, change.name);
      if (!isSame(readIfThere(file), change.before)) {
        throw new Refused(
          `Nothing was changed, for ${change.name} was saved meanwhile. Try again.`,
        );
      }
      begun.push(change);
      if (change.after) on.rename(stagedOf(place, backup.stepId, change.name), file);
      else on.remove(file);
    }
    for (const name of backup.files) on.remove(stagedOf(place, backup.stepId, name));
    on.write(doneOf(place, backup.name), new Uint8Array());
  } catch (error) {
    putBack(place, backup, begun);
    throw asRefused(error, `Nothing was changed in steps/${backup.stepId}`);
  }
}

function putBack(place: Place, backup: Backup, changes: readonly Change[]): void {
  const on = place.disk ?? realDisk;
  try {
    for (const { name, before, after } of changes) {
      const file = fileOf(place, backup.stepId, name);
      const staged = stagedOf(place, backup.stepId, name);
      const isReplaced = isSame(readIfThere(file), after) && !isSame(before, after);
      if (isReplaced && before) {
        on.write(staged, before);
        on.rename(staged, file);
      } else if (isReplaced) on.remove(file);
    }
    for (const name of backup.files) on.remove(stagedOf(place, backup.stepId, name));
  } catch (error) {
    throw asHalfDone(error, backup);
  }
}

/** Every file is as it was, so the backup holds nothing that is not in the step. */
function forget(place: Place, { name }: Backup): void {
  const on = place.disk ?? realDisk;
  on.remove(join(folderOf(place, name), "backup.json"));
  on.remove(folderOf(place, name));
}

/** The one case in which files stay changed half-way: neither on nor back is possible. */
class HalfDone extends Refused {}

function asHalfDone(error: unknown, { what, stepId, name }: Backup): unknown {
  const reason = refusalOf(error);
  if (reason === undefined) return error;
  return new HalfDone(
    `The ${what} of ${stepId} stopped half-way: ${reason}. Your files are whole in .workshop/backups/${name}/before. Mend the cause; then npm run undo brings them back.`,
  );
}

function asRefused(error: unknown, prefix: string): unknown {
  const reason = refusalOf(error);
  return reason === undefined ? error : new Refused(`${prefix}: ${reason}.`);
}

function underLock<Result>(place: Place, work: () => Result): Result {
  try {
    (place.disk ?? realDisk).makeFolder(backupsOf(place));
    return withLock(join(place.root, ".workshop", "files.lock"), work);
  } catch (error) {
    throw asRefused(error, "Nothing was changed, for .workshop/ cannot be used");
  }
}

/** Later than every backup there is, also where the clock was set back: they sort by it. */
function nextTime(place: Place): string {
  const last = allBackups(place)[0]?.time;
  const earliest = last === undefined ? 0 : Date.parse(last) + 1;
  return new Date(Math.max(Date.now(), earliest)).toISOString();
}

function readBackup(place: Place, name: string): Backup | undefined {
  const text = readIfThere(join(folderOf(place, name), "backup.json"))?.toString("utf8");
  if (text === undefined) return undefined;
  const { format, what, step, time, files } = JSON.parse(text) as Manifest;
  // A newer workshop's backups are for it to restore.
  return format === 1 ? { name, what, stepId: step, time, files } : undefined;
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0;
}

function backupsOf({ root }: Place): string {
  return join(root, ".workshop", "backups");
}

function folderOf(place: Place, name: string): string {
  return join(backupsOf(place), name);
}

function doneOf(place: Place, name: string): string {
  return join(folderOf(place, name), "done");
}

function fileOf({ root }: Place, stepId: string, name: string): string {
  return join(root, "steps", stepId, name);
}

function stagedOf(place: Place, stepId: string, name: string): string {
  return fileOf(place, stepId, `.${name}.new`);
}
