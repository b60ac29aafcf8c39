/**
 * The workshop as a learner gets it: a repository to clone.
 *
 * It holds the files that git tracks here as they are on the disk, so that the edits of whoever changes
 * the workshop count before they are committed; new files count outside steps/. The starters are made
 * anew, for this clone's steps/ may hold what its owner has written.
 */

import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { startersOf } from "../starter.ts";
import { root, steps } from "../steps.ts";
import { expectSaid, Fault } from "./fault.ts";
import { type Learner, learnerIn } from "./learner.ts";
import { typeLine } from "./terminal.ts";

export interface Published {
  /** The repository that learners clone; its maintainer works there. */
  readonly maintainer: Learner;
  /** A clone of it with its packages, in a folder of its own. */
  cloneFor(name: string): Promise<Learner>;
}

export interface Publishing {
  /** A folder that is not there yet. */
  readonly folder: string;
  /** Packages are installed by `npm ci`, not shared with this clone. */
  readonly installs: boolean;
  /** Collects each line that is typed. */
  readonly typed: Set<string>;
}

export async function publish({ folder, installs, typed }: Publishing): Promise<Published> {
  mkdirSync(folder);
  const settings = join(folder, "git settings");
  writeFileSync(settings, "[user]\n\tname = Robot\n\temail = robot@example.org\n");
  // Nobody's own settings, hooks or signatures.
  const env = { GIT_CONFIG_GLOBAL: settings, GIT_CONFIG_NOSYSTEM: "1" };
  const home = join(folder, "workshop");
  mkdirSync(home);
  await copyTracked(home);
  const maintainer = learnerIn(home, "maintainer", env, new Set());
  const begin =
    'git init --quiet --initial-branch main && git add . && git commit --quiet -m "Workshop"';
  expectSaid(await maintainer.types(begin), { code: 0 });
  return {
    maintainer,
    async cloneFor(name) {
      const clone = join(folder, name);
      const hands = learnerIn(folder, name, env, typed);
      expectSaid(await hands.types(`git clone --quiet workshop "${name}"`), { code: 0 });
      const learner = learnerIn(clone, name, env, typed);
      if (installs) expectSaid(await learner.types("npm ci"), { code: 0 });
      else shareModules(clone);
      return learner;
    },
  };
}

async function copyTracked(home: string): Promise<void> {
  for (const file of [...(await listed("--cached")), ...(await listed("--others"))]) {
    if (!existsSync(join(root, file))) continue; // Removed, and that is not yet committed.
    mkdirSync(dirname(join(home, file)), { recursive: true });
    cpSync(join(root, file), join(home, file));
  }
  for (const { id } of steps) {
    for (const { name, text } of startersOf(id)) writeFileSync(join(home, "steps", id, name), text);
  }
}

/** `--cached` are the tracked files, `--others` the new ones. */
async function listed(which: "--cached" | "--others"): Promise<readonly string[]> {
  const where = which === "--others" ? " -- . :(exclude)steps" : "";
  const line = `git ls-files -z ${which} --exclude-standard${where}`;
  const { code, output } = await typeLine(line, line, { folder: root });
  if (code !== 0) throw new Fault("this workshop is a clone, so that git knows what belongs to it");
  return output.split("\0").filter((file) => file !== "" && file !== "node_modules");
}

function shareModules(clone: string): void {
  symlinkSync(join(root, "node_modules"), join(clone, "node_modules"), "junction");
  // A link is no folder to .gitignore.
  writeFileSync(join(clone, ".git", "info", "exclude"), "/node_modules\n");
}
