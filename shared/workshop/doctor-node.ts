/** Node, npm, and whether the packages are those that the workshop was written with. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readIfThere } from "./disk.ts";
import { type Finding, fine, notable, stopping, type World } from "./doctor-finding.ts";
import { ask } from "./doctor-programs.ts";

/** Node's version against package.json's `engines`. */
export async function lookAtNode({ node, root }: World): Promise<readonly Finding[]> {
  const { engines } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
    readonly engines: { readonly node: string };
  };
  const oldest = engines.node.replace(">=", "");
  if (isAtLeast(node, oldest)) return [fine("Node", node)];
  const remedy = `install Node 22 or 24 from nodejs.org (or nvm install 22), then npm ci`;
  return [stopping("Node", `${node}; the workshop needs ${oldest} or newer`, remedy)];
}

/** Which npm runs this, or would. */
export async function lookAtNpm({ env }: World): Promise<readonly Finding[]> {
  const caller = /\bnpm\/(\S+)/.exec(env.npm_config_user_agent ?? "")?.[1];
  // On Windows npm is a script, and those need a shell.
  const program = process.platform === "win32" ? ["cmd", "/c", "npm"] : ["npm"];
  const [file = "", ...args] = program;
  const said = caller === undefined ? await ask(file, [...args, "--version"], env) : undefined;
  const version = caller ?? (said?.ended === "well" ? said.line : undefined);
  if (version !== undefined) return [fine("npm", version)];
  const remedy = "the commands here begin with npm, which comes with Node: nodejs.org";
  return [notable("npm", said?.line ?? "not on the PATH", remedy)];
}

/** Whether node_modules holds what package-lock.json says. Packages for other systems may be missing. */
export async function lookAtPackages({ root }: World): Promise<readonly Finding[]> {
  const lock = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, Locked>>;
  };
  const wanted = Object.entries(lock.packages).filter(([path]) => path !== "");
  const present = wanted.map(([path]) => versionIn(join(root, path)));
  const missing = wanted.filter(([, { optional }], index) => !optional && !present[index]);
  const different = wanted.filter(
    ([, { version }], index) => present[index] !== undefined && present[index] !== version,
  );
  const [lacking] = missing;
  const [other] = different;
  if (lacking) {
    const found = `${nameOf(lacking)} ${lacking[1].version} is missing${andMore(missing.length - 1)}`;
    return [stopping("packages", found, "npm ci")];
  }
  if (other) {
    const has = versionIn(join(root, other[0]));
    const found = `${nameOf(other)} is ${has}, not ${other[1].version}${andMore(different.length - 1)}`;
    return [notable("packages", found, "npm ci, as package-lock.json has changed since the last")];
  }
  const count = present.filter((version) => version !== undefined).length;
  return [fine("packages", `${count}, as in package-lock.json`)];
}

interface Locked {
  readonly version: string;
  readonly optional?: boolean;
}

/** Undefined where no package is in the folder, or but a part of one. */
function versionIn(folder: string): string | undefined {
  const text = readIfThere(join(folder, "package.json"))?.toString("utf8");
  return text === undefined ? undefined : /"version":\s*"([^"]+)"/.exec(text)?.[1];
}

/** `node_modules/a/node_modules/b` is the package b. */
function nameOf([path]: readonly [string, Locked]): string {
  return path.replace(/^.*node_modules\//, "");
}

function andMore(count: number): string {
  return count > 0 ? `, and ${count} more` : "";
}

function isAtLeast(version: string, oldest: string): boolean {
  return version.localeCompare(oldest, "en", { numeric: true }) >= 0;
}
