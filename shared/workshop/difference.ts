/** How two texts differ, as people read it: by git where there is one, else line by line. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dim, green, red } from "./paint.ts";

/** The lines of a unified diff, `-` before and `+` after, without its head. */
export function difference(before: string, after: string): readonly string[] {
  return (byGit(before, after) ?? lineByLine(before, after)).map(coloured);
}

function coloured(line: string): string {
  if (line.startsWith("+")) return green(line);
  if (line.startsWith("-")) return red(line);
  return line.startsWith("@@") ? dim(line) : line;
}

/** Undefined where there is no git. */
function byGit(before: string, after: string): readonly string[] | undefined {
  const folder = mkdtempSync(join(tmpdir(), "workshop-diff-"));
  try {
    writeFileSync(join(folder, "before"), before);
    writeFileSync(join(folder, "after"), after);
    const options = ["--no-index", "--no-ext-diff", "--no-color", "--histogram", "--unified=3"];
    const { status, stdout } = spawnSync("git", ["diff", ...options, "before", "after"], {
      cwd: folder,
      encoding: "utf8",
    });
    if (status !== 0 && status !== 1) return undefined;
    const lines = stdout.trimEnd().split("\n");
    const start = lines.findIndex((line) => line.startsWith("@@"));
    return start === -1 ? [] : lines.slice(start);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The whole of both texts, along the longest sequence of lines that they have in common. */
export function lineByLine(before: string, after: string): readonly string[] {
  const [old, now] = [before.split("\n"), after.split("\n")];
  // common[i][j]: how many lines the rests from i and j on have in common.
  const common = old.map(() => new Array<number>(now.length + 1).fill(0));
  common.push(new Array<number>(now.length + 1).fill(0));
  const at = (i: number, j: number): number => common[i]?.[j] ?? 0;
  for (let i = old.length - 1; i >= 0; i--) {
    const row = common[i] ?? [];
    for (let j = now.length - 1; j >= 0; j--) {
      row[j] = old[i] === now[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      lines.push(` ${old[i]}`);
      i++;
      j++;
    } else if (i < old.length && (j >= now.length || at(i + 1, j) >= at(i, j + 1))) {
      lines.push(`-${old[i++]}`);
    } else lines.push(`+${now[j++]}`);
  }
  return lines;
}
