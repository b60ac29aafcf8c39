/** Whether this clone is the newest that git knows of. Nothing is asked over the network. */

import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Finding, fine, notable, type World } from "./doctor-finding.ts";
import { ask } from "./doctor-programs.ts";

/** How far the clone is behind its upstream, as of the last fetch. */
export async function lookAtClone(world: World): Promise<readonly Finding[]> {
  const { root } = world;
  // A parent folder may be another repository, of which git would tell.
  if (!existsSync(join(root, ".git"))) {
    return [fine("clone", "not a clone, downloaded as an archive")];
  }
  const head = await git(world, "rev-parse", "--git-dir");
  if (head === undefined) return [fine("clone", "git is not on the PATH, so it was not asked")];
  if (head.ended === "badly") {
    const remedy = "git status says more; the workshop itself works without git";
    return [notable("clone", head.line, remedy)];
  }
  const upstream = await upstreamOf(world);
  if (upstream === undefined) return [fine("clone", "follows no other, so it is never behind")];
  const count = await git(world, "rev-list", "--count", `HEAD..${upstream}`);
  if (count?.ended !== "well") throw new Error(count?.line ?? "git is gone");
  const asOf = lastFetch(resolve(root, head.line), world.now());
  if (count.line === "0") return [fine("clone", `has all of ${upstream}, ${asOf}`)];
  const commits = count.line === "1" ? "1 commit" : `${count.line} commits`;
  const remedy = `git merge -X ours ${upstream}, once your steps are committed (WORKSHOP.md, Updating)`;
  return [notable("clone", `${commits} behind ${upstream}, ${asOf}`, remedy)];
}

/** What the branch follows; for a branch of one's own, as WORKSHOP.md suggests, what was cloned. */
async function upstreamOf(world: World): Promise<string | undefined> {
  for (const name of ["@{upstream}", "origin/HEAD"]) {
    const found = await git(world, "rev-parse", "--abbrev-ref", name);
    if (found?.ended === "well") return found.line;
  }
  return undefined;
}

function git({ root, env }: World, ...args: readonly string[]) {
  return ask("git", ["-C", root, ...args], env);
}

/** A worktree has its own FETCH_HEAD; a fresh clone has none. */
function lastFetch(gitFolder: string, now: number): string {
  const fetched = statSync(join(gitFolder, "FETCH_HEAD"), { throwIfNoEntry: false })?.mtimeMs;
  if (fetched === undefined) return "as cloned (git fetch asks again)";
  const days = Math.floor((now - fetched) / 86_400_000);
  if (days < 1) return "as fetched today";
  return `as fetched ${days} ${days === 1 ? "day" : "days"} ago (git fetch asks again)`;
}
