/** Who a process is. A pid alone is not enough: pids are used again. */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

export interface ProcessIdentity {
  readonly pid: number;
  /** When it was started, as the system tells it; compared for equality only. */
  readonly started: string;
}

/** The identity of a running process, or undefined where there is none with this pid. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const started = startOf(pid);
  return started === undefined ? undefined : { pid, started };
}

export function isAlive(identity: ProcessIdentity): boolean {
  return startOf(identity.pid) === identity.started;
}

/** Ends the process and waits for it, first politely, then by force. */
export async function end(identity: ProcessIdentity, politely: NodeJS.Signals): Promise<void> {
  for (const signal of [politely, "SIGKILL"] as const) {
    if (!isAlive(identity)) return;
    try {
      process.kill(identity.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ESRCH") return;
      throw error;
    }
    const deadline = Date.now() + 5_000;
    while (isAlive(identity) && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  if (isAlive(identity)) throw new Error("it does not end");
}

function startOf(pid: number): string | undefined {
  switch (process.platform) {
    case "linux":
      return startOnLinux(pid);
    case "win32":
      return firstLineOf("powershell", [
        "-NoProfile",
        "-Command",
        `(Get-Process -Id ${pid} -ErrorAction SilentlyContinue).StartTime.Ticks`,
      ]);
    default:
      return firstLineOf("ps", ["-o", "lstart=", "-p", String(pid)]);
  }
}

function startOnLinux(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, in brackets, may hold spaces: count from behind it. A zombie is not running.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z") return undefined;
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot}:${fields[19]}`;
  } catch {
    return undefined;
  }
}

function firstLineOf(command: string, args: readonly string[]): string | undefined {
  const { stdout } = spawnSync(command, args, { encoding: "utf8", windowsHide: true });
  const line = stdout?.trim() ?? "";
  return line === "" ? undefined : line;
}
