import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { whyNoDocker } from "./docker.ts";
import { temporaryFolder } from "./fixtures/run-program.ts";
import { startPostgres } from "./postgres.ts";

/** A Docker daemon that has every image and creates no container: it only takes down the request. */
function scriptedDaemon(requests: { readonly path: string; readonly body: string }[]): Server {
  return createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const path = request.url ?? "";
      requests.push({ path, body });
      response.setHeader("Content-Type", "application/json");
      if (path.includes("/containers/create")) response.statusCode = 500;
      response.end(path.includes("/containers/json") || path.includes("/images") ? "[]" : "{}");
    });
  });
}

describe.skipIf(process.platform === "win32")("a Docker daemon that answers", () => {
  let temporary: ReturnType<typeof temporaryFolder>;
  let daemon: Server;
  const requests: { path: string; body: string }[] = [];
  beforeEach(async () => {
    temporary = temporaryFolder();
    const socket = join(temporary.path, "docker.sock");
    daemon = scriptedDaemon(requests);
    await new Promise<void>((resolve) => daemon.listen(socket, resolve));
    vi.stubEnv("DOCKER_HOST", `unix://${socket}`);
    vi.stubEnv("WORKSHOP_INFRA", "docker");
    // Inside a container Testcontainers would ask for one more, to learn where it is.
    vi.stubEnv("TESTCONTAINERS_HOST_OVERRIDE", "localhost");
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    daemon.closeAllConnections();
    await new Promise((resolve) => daemon.close(resolve));
    temporary.remove();
  });

  it("is asked for a container of the run, with its port on loopback only", async () => {
    expect(await whyNoDocker()).toBeUndefined();

    await expect(startPostgres()).rejects.toMatchObject({
      name: "InfrastructureMissing",
      message: expect.stringContaining("docker: postgres:15 does not start: "),
    });
    const created = requests.filter(({ path }) => path.includes("/containers/create"));
    expect(created.map(({ body }) => JSON.parse(body))).toMatchObject([
      {
        Image: "postgres:15",
        Labels: { "event-sourcing-workshop.run": expect.stringMatching(/^[a-z0-9]{6}$/) },
        HostConfig: { PortBindings: { "5432/tcp": [{ HostIp: "127.0.0.1", HostPort: "0" }] } },
      },
    ]);
  });
});
