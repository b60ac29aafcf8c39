/** Whether a Docker daemon can be used here, and if not, why not and what helps. */

import { existsSync } from "node:fs";
import { get } from "node:http";
import { homedir, userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { withoutPassword } from "./address.ts";
import { environment } from "./environment.ts";

/** `unix:///path`, `npipe:////./pipe/name`, `tcp://host:port`: as in DOCKER_HOST. */
type Address = string;

/**
 * Undefined where a daemon answers, else the reason in a line. DOCKER_HOST names its address;
 * where it is not set, `usual` are tried.
 */
export async function whyNoDocker(
  usual: readonly Address[] = usualAddresses(),
): Promise<string | undefined> {
  const host = environment().DOCKER_HOST ?? "";
  if (host !== "") return whyNotAtHost(host);
  const answers = await Promise.all(usual.map(ask));
  if (answers.includes("ready")) return undefined;
  const refusal = usual.find((_, index) => answers[index] === "forbidden");
  if (refusal !== undefined) return forbidden(refusal);
  const silent = usual.find((_, index) => answers[index] !== "absent");
  if (silent !== undefined) return `no Docker daemon answers at ${silent}: ${howToStart}`;
  if (isInstalled()) return `Docker is installed, but its daemon does not run: ${howToStart}`;
  return "no Docker on this machine";
}

const howToStart = "start Docker Desktop, or `sudo systemctl start docker`";

async function whyNotAtHost(host: Address): Promise<string | undefined> {
  const target = targetOf(host);
  const shown = withoutPassword(host);
  if (target === undefined) {
    return `DOCKER_HOST is ${shown}: only unix://, npipe:// and tcp:// addresses work here`;
  }
  if ("host" in target && !/^(localhost|127\..+|\[::1\])$/.test(target.host)) {
    return `DOCKER_HOST is ${shown}, another machine: servers there would not be on loopback`;
  }
  const answer = await ask(host);
  if (answer === "ready") return undefined;
  if (answer === "forbidden") return forbidden(shown);
  return `no Docker daemon answers at ${shown}: start it, or correct or unset DOCKER_HOST`;
}

function forbidden(address: Address): string {
  return (
    `you may not use the Docker daemon at ${address}: join the group docker ` +
    "(`sudo usermod -aG docker $USER`, then log in again), or use rootless Docker"
  );
}

function usualAddresses(): readonly Address[] {
  if (process.platform === "win32") return ["npipe:////./pipe/docker_engine"];
  const runtime = environment().XDG_RUNTIME_DIR ?? `/run/user/${userInfo().uid}`;
  return [
    "/var/run/docker.sock",
    join(runtime, "docker.sock"),
    join(homedir(), ".docker/run/docker.sock"),
    join(homedir(), ".docker/desktop/docker.sock"),
  ].map((path) => `unix://${path}`);
}

function isInstalled(): boolean {
  const name = process.platform === "win32" ? "docker.exe" : "docker";
  return (environment().PATH ?? "")
    .split(delimiter)
    .some((folder) => existsSync(join(folder, name)));
}

type Target = { readonly socketPath: string } | { readonly host: string; readonly port: number };

function targetOf(address: Address): Target | undefined {
  const socketPath = /^(?:unix|npipe):\/\/(.+)$/.exec(address)?.[1];
  if (socketPath !== undefined) return { socketPath };
  const http = address.replace(/^tcp:/, "http:");
  if (!/^https?:/.test(http) || !URL.canParse(http)) return undefined;
  const { hostname, port } = new URL(http);
  return { host: hostname, port: Number(port || 2375) };
}

type Answer = "ready" | "forbidden" | "absent" | "silent";

function ask(address: Address): Promise<Answer> {
  return new Promise((resolve) => {
    const request = get({ ...targetOf(address), path: "/_ping", timeout: 2_000 }, (response) => {
      response.resume();
      resolve((response.statusCode ?? 500) < 500 ? "ready" : "silent");
    });
    request.on("timeout", () => request.destroy());
    request.on("error", (error) => resolve(answerOf(error)));
    request.on("close", () => resolve("silent"));
  });
}

function answerOf(error: NodeJS.ErrnoException): Answer {
  switch (error.code) {
    case "EACCES":
    case "EPERM":
      return "forbidden";
    case "ENOENT":
    case "ENOTDIR":
      return "absent";
    default:
      return "silent";
  }
}
