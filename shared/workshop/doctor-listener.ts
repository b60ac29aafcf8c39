/** Which program listens on a port, where this user may know it. */

import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { ask } from "./doctor-programs.ts";

/** As in `node (process 4711)`; undefined where the system does not tell. */
export async function listenerOn(
  port: number,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const pid = process.platform === "linux" ? pidOnLinux(port) : await pidByLsof(port, env);
  if (pid === undefined) return undefined;
  const name =
    process.platform === "linux"
      ? basename(readlinkSync(`/proc/${pid}/exe`))
      : (await ask("ps", ["-o", "comm=", "-p", pid], env))?.line;
  if (name === "docker-proxy") return "a Docker container (docker ps shows which)";
  return name ? `${basename(name)} (process ${pid})` : undefined;
}

const listening = "0A";

/** By the socket's number, which the process has among its open files. */
function pidOnLinux(port: number): string | undefined {
  const hexadecimal = port.toString(16).toUpperCase().padStart(4, "0");
  const sockets = new Set(
    ["/proc/net/tcp", "/proc/net/tcp6"]
      .flatMap((file) => linesOf(file))
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[1]?.endsWith(`:${hexadecimal}`) && fields[3] === listening)
      .map((fields) => `socket:[${fields[9]}]`),
  );
  if (sockets.size === 0) return undefined;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .find((pid) => openFiles(pid).some((file) => sockets.has(file)));
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8").split("\n");
  } catch {
    return []; // A system without IPv6.
  }
}

/** Empty for a process of somebody else, or one that has just ended. */
function openFiles(pid: string): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((handle) =>
      linkTarget(`/proc/${pid}/fd/${handle}`),
    );
  } catch {
    return [];
  }
}

function linkTarget(path: string): readonly string[] {
  try {
    return [readlinkSync(path)];
  } catch {
    return [];
  }
}

async function pidByLsof(
  port: number,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const said = await ask("lsof", ["-nP", "-t", `-iTCP:${port}`, "-sTCP:LISTEN"], env);
  return said?.ended === "well" && /^\d+$/.test(said.line) ? said.line : undefined;
}
