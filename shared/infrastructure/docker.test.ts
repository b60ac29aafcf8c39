import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { temporaryFolder } from "./fixtures/run-program.ts";
import { type ScriptedDaemon, startScriptedDaemon } from "./fixtures/scripted-daemon.ts";
import { startPostgres } from "./postgres.ts";
import { startRabbitMQ } from "./rabbitmq.ts";

describe.skipIf(process.platform === "win32")("a Docker daemon that answers", () => {
  let temporary: ReturnType<typeof temporaryFolder>;
  // One for all tests: Testcontainers looks for it once.
  let daemon: ScriptedDaemon;
  beforeAll(async () => {
    temporary = temporaryFolder();
    const socket = join(temporary.path, "docker.sock");
    daemon = await startScriptedDaemon(socket);
    vi.stubEnv("DOCKER_HOST", `unix://${socket}`);
    vi.stubEnv("WORKSHOP_INFRA", "docker");
    // Inside a container Testcontainers would ask for one more, to learn where it is.
    vi.stubEnv("TESTCONTAINERS_HOST_OVERRIDE", "localhost");
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await daemon.stop();
    temporary.remove();
  });
  beforeEach(() => {
    daemon.script.splice(0);
    daemon.requests.splice(0);
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
    return () => vi.restoreAllMocks();
  });

  const noSuchImage = { status: 404, body: { message: "No such image: rabbitmq:3-management" } };

  it.each([
    {
      fault: "no registry is within reach",
      status: 500,
      body: { message: 'Get "https://registry-1.docker.io/v2/": dial tcp: no such host' },
      reason:
        "is a registry within reach, past a proxy or firewall? " +
        '(Get "https://registry-1.docker.io/v2/": dial tcp: no such host)',
    },
    {
      fault: "the registry does not have it",
      status: 404,
      body: { message: "manifest for rabbitmq:3-management not found: manifest unknown" },
      reason:
        "the registry has no such image, or not for you " +
        "(manifest for rabbitmq:3-management not found: manifest unknown)",
    },
    {
      fault: "the registry's rate limit is reached",
      status: 429,
      body: { message: "toomanyrequests: You have reached your pull rate limit." },
      reason:
        "the registry's rate limit is reached; wait, or sign in with `docker login` " +
        "(toomanyrequests: You have reached your pull rate limit.)",
    },
    {
      fault: "the pull breaks off in the middle",
      status: 200,
      body: [{ status: "Downloading" }, { error: "no space left on device" }],
      reason: "`docker pull rabbitmq:3-management` says why",
    },
  ])("is told of, when an image cannot be pulled because $fault", async (pull) => {
    daemon.script.push([/\/images\/create/, pull], [/\/images\//, noSuchImage]);

    await expect(startRabbitMQ()).rejects.toMatchObject({
      name: "InfrastructureMissing",
      message: expect.stringMatching(/^Tried:\n {2}- docker: .*$/m),
    });
    await expect(startRabbitMQ()).rejects.toThrow(
      `  - docker: rabbitmq:3-management cannot be pulled: ${pull.reason}`,
    );
    expect(process.stderr.write).toHaveBeenCalledWith(
      "Docker pulls rabbitmq:3-management. It does that once; it may take minutes.\n",
    );
  });

  it("is asked for a container of the run, with its port on loopback only", async () => {
    const refusal = { status: 500, body: { message: "no space left on device" } };
    daemon.script.push([/\/containers\/create/, refusal]);

    await expect(startPostgres()).rejects.toThrow("docker: postgres:15 does not start: ");
    const created = daemon.requests.filter(({ asked }) => asked.includes("/containers/create"));
    expect(created.map(({ body }) => JSON.parse(body))).toMatchObject([
      {
        Image: "postgres:15",
        Env: [expect.stringMatching(/^POSTGRES_PASSWORD=.{20}$/)],
        Labels: { "event-sourcing-workshop.container": expect.stringMatching(/^workshop_/) },
        HostConfig: { PortBindings: { "5432/tcp": [{ HostIp: "127.0.0.1", HostPort: "0" }] } },
      },
    ]);
  });
});
