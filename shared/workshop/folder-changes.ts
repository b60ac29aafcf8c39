/** Which files of a folder change. It looks again and again: not every file system tells by itself. */

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** Often enough to feel at once; a look at a step's folder takes less than a millisecond. */
const pause = 80;

/**
 * Calls `onChange` with the paths that were written, added or removed, once two looks in a row see
 * the same: an editor writes a file in several strokes. Ends with the function that it returns.
 */
export function watchFolder(
  folder: string,
  onChange: (files: readonly string[]) => void,
): () => void {
  let known = lookAt(folder);
  let last = known;
  const timer = setInterval(() => {
    const now = lookAt(folder);
    const isSettled = differing(last, now).length === 0;
    last = now;
    if (!isSettled) return;
    const changed = differing(known, now);
    known = now;
    if (changed.length > 0) onChange(changed.map((name) => join(folder, name)));
  }, pause);
  return () => clearInterval(timer);
}

type Look = ReadonlyMap<string, string>;

/** The code and the SQL by name, each with what tells one state of it from another. */
function lookAt(folder: string): Look {
  const look = new Map<string, string>();
  for (const name of namesIn(folder)) {
    if (!/\.(ts|sql|json|graphql)$/.test(name)) continue;
    const found = statSync(join(folder, name), { throwIfNoEntry: false });
    if (found) look.set(name, `${found.mtimeMs} ${found.size} ${found.ino}`);
  }
  return look;
}

/** A folder that is away for a moment, as in a `git switch`, is empty for a moment. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function differing(before: Look, after: Look): readonly string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name));
}
