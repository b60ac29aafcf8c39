/** Packages of a folder that has a package.json of its own: no learner needs them, so `npm ci` leaves them out. */

import { spawn } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { Refused } from "../shared/workshop/command.ts";
import { root } from "../shared/workshop/steps.ts";

/** Installs what the folder's package-lock.json says, where that is not there yet. Throws Refused where it cannot be had. */
export async function installPackages(folder: string): Promise<void> {
  const path = join(root, folder);
  const installed = join(path, "node_modules", ".package-lock.json");
  const wanted = join(path, "package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs) return;
  console.log(`The packages of ${folder}/ are installed, this once.`);
  const code = await npmCi(path);
  if (code !== 0) {
    throw new Refused(`They could not be installed (npm ci in ${folder}/ ended with ${code}).`);
  }
}

function npmCi(cwd: string): Promise<number | null> {
  const npm = process.env.npm_execpath;
  if (npm === undefined) throw new Refused("Call it by npm: npm run mutation 2");
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [npm, "ci", "--no-progress"], { cwd, stdio: "inherit" });
    child.on("error", reject);
    child.on("close", resolve);
  });
}
