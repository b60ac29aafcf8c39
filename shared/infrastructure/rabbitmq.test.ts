import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, inject, it, onTestFinished, vi } from "vitest";
import { isListening } from "./fixtures/listening.ts";
import { startRabbitMQ } from "./rabbitmq.ts";

const hasLocalServer = await isListening(5672);
const provided = inject("rabbitmq");

beforeEach(() => {
  vi.stubEnv("WORKSHOP_INFRA", "");
  vi.stubEnv("AMQP_URL", "");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe("AMQP_URL", () => {
  it.runIf("url" in provided)("is taken before anything else", async () => {
    const url = "url" in provided ? provided.url : "";
    vi.stubEnv("AMQP_URL", url);

    const service = await startRabbitMQ();

    expect(service).toMatchObject({ url, isPrivate: false, passedOver: [] });
    expect(service.label).toMatch(/ \d+\.\d+ \(AMQP_URL\)$/);
  });

  it.each([
    "amqp://ada:s3cret@127.0.0.1:1",
    "amqp://ada:s3cret@127.0.0.1:wrong",
    "http://ada:s3cret@127.0.0.1",
  ])("is never passed over, and keeps its password to itself", async (url) => {
    vi.stubEnv("AMQP_URL", url);

    await expect(startRabbitMQ()).rejects.toMatchObject({
      name: "InfrastructureMissing",
      service: "rabbitmq",
      message: expect.not.stringContaining("s3cret"),
    });
  });

  it.runIf(hasLocalServer)("is an error where the server refuses the account", async () => {
    vi.stubEnv("AMQP_URL", "amqp://ada:s3cret@127.0.0.1:5672");

    await expect(startRabbitMQ()).rejects.toMatchObject({
      name: "InfrastructureMissing",
      message: expect.stringMatching(/amqp:\/\/ada@127\.0\.0\.1:5672, .*ACCESS_REFUSED/i),
    });
  });
});

describe("a RabbitMQ on the default port", () => {
  it.runIf(hasLocalServer)("is taken where AMQP_URL is not set", async () => {
    const service = await startRabbitMQ();

    expect(service.label).toMatch(/ \d+\.\d+ \(local\)$/);
    expect(service.passedOver).toEqual(["urls: AMQP_URL is not set"]);
  });
});

describe("a RabbitMQ that loses its connection with a queue for dead letters", () => {
  it.runIf("url" in provided)("is not taken for one that works", async () => {
    const url = new URL("url" in provided ? provided.url : "");
    const broken = createServer((client) => {
      const server = connect({ port: Number(url.port || 5672), host: url.hostname });
      for (const socket of [client, server]) socket.on("error", () => {});
      client.on("data", (chunk) => {
        if (chunk.includes("x-dead-letter-strategy")) client.destroy();
        else server.write(chunk);
      });
      server.pipe(client);
      client.on("close", () => server.destroy());
    });
    await once(broken.listen(0, "127.0.0.1"), "listening");
    onTestFinished(() => void broken.close());
    const { port } = broken.address() as AddressInfo;
    vi.stubEnv("AMQP_URL", `amqp://${url.username}:${url.password}@127.0.0.1:${port}`);

    await expect(startRabbitMQ()).rejects.toMatchObject({
      name: "InfrastructureMissing",
      message: expect.stringMatching(
        /a queue with dead letters cannot be used there \(.+\): restart/,
      ),
    });
  });
});

describe("no RabbitMQ at all", () => {
  it("is told in one paragraph with the three ways to get one", async () => {
    vi.stubEnv("WORKSHOP_INFRA", "docker");
    vi.stubEnv("DOCKER_HOST", "unix:///nowhere/docker.sock");

    const error: unknown = await startRabbitMQ().catch((reason: unknown) => reason);

    const [paragraph, ...rest] = String((error as Error).message).split("\n");
    expect(paragraph).toContain("docker compose up -d rabbitmq");
    expect(paragraph).toContain("install `rabbitmq-server`");
    expect(paragraph).toContain("set AMQP_URL");
    expect(rest).toEqual([
      "Tried:",
      expect.stringContaining(
        "  - docker: no Docker daemon answers at unix:///nowhere/docker.sock: start it",
      ),
    ]);
  });
});
