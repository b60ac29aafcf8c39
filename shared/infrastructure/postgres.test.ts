import pg from "pg";
import { afterEach, beforeEach, describe, expect, inject, it, vi } from "vitest";
import { isListening } from "./fixtures/listening.ts";
import { startPostgres } from "./postgres.ts";

const hasLocalServer = await isListening(5432);
const provided = inject("postgres");
const server = "url" in provided ? provided.url : "";

beforeEach(() => {
  vi.stubEnv("WORKSHOP_INFRA", "");
  vi.stubEnv("DATABASE_URL", "");
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe("DATABASE_URL", () => {
  it("is taken before anything else", async () => {
    vi.stubEnv("DATABASE_URL", server);

    const service = await startPostgres();

    expect(service).toMatchObject({ url: server, isPrivate: false, passedOver: [] });
    expect(service.label).toMatch(/^PostgreSQL \d+ \(DATABASE_URL\)$/);
  });

  it("is never passed over: a server that does not answer is an error", async () => {
    vi.stubEnv("DATABASE_URL", "postgres://ada:s3cret@127.0.0.1:1/shop");

    await expect(startPostgres()).rejects.toMatchObject({
      name: "InfrastructureMissing",
      service: "postgres",
      message: expect.stringMatching(/postgres:\/\/ada@127\.0\.0\.1:1\/shop, .*ECONNREFUSED/),
    });
  });

  it.each([
    "postgres://ada:s3cret@127.0.0.1:1/shop",
    "postgres://ada:s3cret@127.0.0.1:wrong/shop",
    "s3cret",
    "mysql://ada:s3cret@127.0.0.1/shop",
    "postgres://127.0.0.1:1/shop?password=s3cret",
    "postgres://ada:1/s3cret@127.0.0.1/shop",
  ])("keeps its password out of the message", async (url) => {
    vi.stubEnv("DATABASE_URL", url);

    await expect(startPostgres()).rejects.toMatchObject({
      name: "InfrastructureMissing",
      message: expect.not.stringContaining("s3cret"),
    });
  });

  it("must belong to an account that may create databases", async () => {
    const role = `workshop_poor_${process.pid}`;
    const administrator = new pg.Client({ connectionString: server });
    await administrator.connect();
    try {
      await administrator.query(`create role ${role} login password 's3cret'`);
      const url = new URL(server);
      url.username = role;
      url.password = "s3cret";
      vi.stubEnv("DATABASE_URL", url.href);

      await expect(startPostgres()).rejects.toMatchObject({
        name: "InfrastructureMissing",
        message: expect.stringContaining(`the account ${role} may not create databases`),
      });
    } finally {
      await administrator.query(`drop role if exists ${role}`);
      await administrator.end();
    }
  });
});

describe("a PostgreSQL on the default port", () => {
  it.runIf(hasLocalServer)("is taken where DATABASE_URL is not set", async () => {
    const service = await startPostgres();

    expect(service.label).toMatch(/^PostgreSQL \d+ \(local\)$/);
    expect(service.passedOver).toEqual(["urls: DATABASE_URL is not set"]);
  });
});

describe("PostgreSQL in a container", () => {
  it("is passed over where no Docker daemon answers", async () => {
    vi.stubEnv("WORKSHOP_INFRA", "docker");
    vi.stubEnv("DOCKER_HOST", "unix:///nowhere/docker.sock");

    await expect(startPostgres()).rejects.toMatchObject({
      name: "InfrastructureMissing",
      message: expect.stringContaining(
        "docker: no Docker daemon answers at unix:///nowhere/docker.sock",
      ),
    });
  });
});

describe("the embedded PostgreSQL", { timeout: 60_000 }, () => {
  it("is a real server on loopback, for who has its password, and gone when stopped", async () => {
    vi.stubEnv("WORKSHOP_INFRA", "embedded");
    const service = await startPostgres();
    const stranger = new URL(service.url);
    stranger.password = "postgres";

    expect(service.label).toMatch(/^PostgreSQL \d+ \(embedded\)$/);
    expect(service.isPrivate).toBe(true);
    expect(await ask(service.url)).toEqual([
      { version: expect.stringMatching(/^PostgreSQL \d+/), addresses: "127.0.0.1" },
    ]);
    await expect(ask(stranger.href)).rejects.toMatchObject({ code: "28P01" });

    await service.stop();
    expect(await isListening(Number(stranger.port))).toBe(false);
  });

  it("has its data and its port again after a restart", async () => {
    vi.stubEnv("WORKSHOP_INFRA", "embedded");
    const service = await startPostgres();
    const before = await ask(service.url);

    await service.restart?.();

    expect(await ask(service.url)).toEqual(before);
    await service.stop();
  });
});

async function ask(url: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {}); // the failed request tells
  try {
    await client.connect();
    const { rows } = await client.query(
      "select version(), current_setting('listen_addresses') as addresses",
    );
    return rows;
  } finally {
    await client.end().catch(() => {});
  }
}
