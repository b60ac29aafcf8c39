import { chmodSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { whyNoDocker } from "./docker-daemon.ts";
import { temporaryFolder } from "./fixtures/run-program.ts";
import { startScriptedDaemon } from "./fixtures/scripted-daemon.ts";

describe.skipIf(process.platform === "win32")("Docker", () => {
  let temporary: ReturnType<typeof temporaryFolder>;
  let socket: string;
  let address: string;
  const servers: { stop(): Promise<void> }[] = [];
  beforeEach(() => {
    temporary = temporaryFolder();
    socket = join(temporary.path, "docker.sock");
    address = `unix://${socket}`;
    vi.stubEnv("DOCKER_HOST", "");
    vi.stubEnv("PATH", temporary.path);
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
    vi.unstubAllEnvs();
    temporary.remove();
  });

  it("is there where the daemon answers", async () => {
    servers.push(await startScriptedDaemon(socket));

    expect(await whyNoDocker([`${address}.none`, address])).toBeUndefined();
    vi.stubEnv("DOCKER_HOST", address);
    expect(await whyNoDocker()).toBeUndefined();
  });

  it("is not there without a socket", async () => {
    expect(await whyNoDocker([address])).toBe("no Docker on this machine");
  });

  it("does not run where there is a `docker` on the PATH and no socket", async () => {
    writeFileSync(join(temporary.path, "docker"), "");

    expect(await whyNoDocker([address])).toBe(
      "Docker is installed, but its daemon does not run: " +
        "start Docker Desktop, or `sudo systemctl start docker`",
    );
  });

  it.each([
    {
      fault: "nobody listens at its socket any more",
      leave: async () => writeFileSync(socket, ""),
    },
    {
      fault: "what listens there hangs up",
      leave: async () => servers.push(await hangUpAt(socket)),
    },
  ])("does not answer where $fault", async ({ leave }) => {
    await leave();

    expect(await whyNoDocker([address])).toBe(
      `no Docker daemon answers at ${address}: ` +
        "start Docker Desktop, or `sudo systemctl start docker`",
    );
  });

  it("may be closed to this user", async () => {
    servers.push(await startScriptedDaemon(socket));
    chmodSync(socket, 0o000);

    expect(await asOrdinaryUser(() => whyNoDocker([address]))).toBe(
      `you may not use the Docker daemon at ${address}: join the group docker ` +
        "(`sudo usermod -aG docker $USER`, then log in again), or use rootless Docker",
    );
  });

  it.each([
    [
      "ssh://ada:s3cret@build.example",
      "DOCKER_HOST is ssh://ada@build.example: only unix://, npipe:// and tcp:// addresses work here",
    ],
    [
      "tcp://docker.example:2375",
      "DOCKER_HOST is tcp://docker.example:2375, another machine: servers there would not be on loopback",
    ],
    [
      "tcp://127.0.0.1:1",
      "no Docker daemon answers at tcp://127.0.0.1:1: start it, or correct or unset DOCKER_HOST",
    ],
    [
      "unix:///nowhere/docker.sock",
      "no Docker daemon answers at unix:///nowhere/docker.sock: start it, or correct or unset DOCKER_HOST",
    ],
    [
      "/var/run/docker.sock",
      "DOCKER_HOST is (not a URL): only unix://, npipe:// and tcp:// addresses work here",
    ],
  ])("is looked for at DOCKER_HOST alone: %s", async (host, reason) => {
    vi.stubEnv("DOCKER_HOST", host);

    expect(await whyNoDocker([address])).toBe(reason);
  });
});

async function hangUpAt(socket: string): Promise<{ stop(): Promise<void> }> {
  const server = createServer((connection) => connection.destroy());
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return { stop: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** Nothing is closed to root. */
async function asOrdinaryUser<T>(use: () => Promise<T>): Promise<T> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65534);
  try {
    return await use();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}
