import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, inject, it, vi } from "vitest";
import { isListening } from "../infrastructure/fixtures/listening.ts";
import { leftIn, temporaryFolder } from "../infrastructure/fixtures/run-program.ts";

// A process of its own starts, and with it a server or two.
vi.setConfig({ testTimeout: 60_000 });

const postgres = inject("postgres");
const server = "url" in postgres ? postgres.url : "";
const tsx = pathToFileURL(join(import.meta.dirname, "../../node_modules/tsx/dist/loader.mjs"));

let temporary: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  temporary = temporaryFolder();
});
afterEach(() => {
  temporary.remove();
});

/** Runs the command until it says that it is up, lets `meanwhile` look around, and interrupts it. */
async function infra(
  env: NodeJS.ProcessEnv,
  signal: NodeJS.Signals,
  meanwhile: (output: string) => Promise<void> = async () => {},
): Promise<{ readonly output: string; readonly code: unknown }> {
  const path = temporary.path;
  const child = spawn(
    process.execPath,
    ["--import", tsx.href, join(import.meta.dirname, "infra.ts")],
    {
      env: { ...process.env, ...{ TMPDIR: path, TEMP: path, TMP: path }, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const ended = once(child, "exit");
  let output = "";
  const isUp = new Promise<void>((resolve) => {
    const listen = (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes("until Ctrl-C")) resolve();
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
  });
  try {
    await Promise.race([isUp, ended]);
    await meanwhile(output);
  } finally {
    child.kill(signal);
  }
  const [code] = await ended;
  return { output, code };
}

describe("npm run infra", () => {
  it.runIf(server !== "")(
    "shows whose server it takes, but not a password that it was given",
    async () => {
      const secret = new URL(server).password;
      const { output, code } = await infra(
        { WORKSHOP_INFRA: "urls", DATABASE_URL: server, AMQP_URL: "" },
        "SIGTERM",
      );

      expect(code).toBe(0);
      expect(output).toMatch(/^PostgreSQL \d+ \(DATABASE_URL\)$/m);
      expect(output).toMatch(/^# DATABASE_URL is yours: postgres/m);
      expect(output).not.toContain(`:${secret}@`);
      expect(output).toMatch(/^no RabbitMQ$/m);
    },
  );

  it("starts a server that anybody with the line can use, and takes it away at Ctrl-C", async () => {
    let url = "";
    const { output, code } = await infra(
      { WORKSHOP_INFRA: "embedded" },
      "SIGINT",
      async (shown) => {
        url = /^DATABASE_URL=(\S+)$/m.exec(shown)?.[1] ?? "";
        const client = new pg.Client({ connectionString: url });
        await client.connect();
        await client.end();
      },
    );

    expect(code).toBe(0);
    expect(output.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(output).toContain("What was started is stopped and removed.");
    expect(await isListening(Number(new URL(url).port))).toBe(false);
    expect(leftIn(temporary.path)).toEqual([]);
  });

  it("ends with 1 where there is no server at all", async () => {
    const env = { WORKSHOP_INFRA: "urls", DATABASE_URL: "", AMQP_URL: "" };
    const { output, code } = await infra(env, "SIGTERM");

    expect(code).toBe(1);
    expect(output).toMatch(/^no PostgreSQL$/m);
  });
});
