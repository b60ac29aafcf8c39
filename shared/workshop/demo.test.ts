import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { leftIn, temporaryFolder } from "../infrastructure/fixtures/run-program.ts";
import { root } from "./steps.ts";

vi.setConfig({ testTimeout: 120_000 });

const atTheEnd: (() => void)[] = [];
afterEach(() => {
  for (const end of atTheEnd.splice(0)) end();
});

/** The demo as a process, with a ledger folder of its own. */
function demo(...args: readonly string[]) {
  const temporary = temporaryFolder();
  const tmp = { TMPDIR: temporary.path, TEMP: temporary.path, TMP: temporary.path };
  const child = spawn(
    process.execPath,
    ["--import", "tsx", join(root, "shared/workshop/demo.ts"), ...args],
    { cwd: root, env: { ...process.env, NODE_ENV: "", ...tmp }, stdio: ["ignore", "pipe", "pipe"] },
  );
  atTheEnd.push(
    () => child.kill("SIGKILL"),
    () => temporary.remove(),
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const ended = once(child, "exit").then(([code, signal]) => code ?? signal);
  return { child, ended, output: () => output, temporary: temporary.path };
}

describe("the demo", () => {
  it("serves until Ctrl-C, and leaves nothing behind", async () => {
    const { child, ended, output, temporary } = demo("--serve", "--port", "0");
    const urlIn = (): string | undefined =>
      /http:\/\/127\.0\.0\.1:\d+(?=\/graphql)/.exec(output())?.[0];
    await Promise.race([ended, expect.poll(urlIn, { timeout: 90_000 }).toBeDefined()]);
    const url = urlIn();
    expect(url, output()).toBeDefined();
    const query = '{ history(streamId: "reservation-1") { entries { meaning { type } } } }';
    const response = await fetch(`${url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query }),
    });
    expect(JSON.stringify(await response.json())).toContain("ReservationConfirmed");
    child.kill("SIGINT");
    expect(await ended, output()).toBe(0);
    expect(leftIn(temporary)).toEqual([]);
    await expect(fetch(`${url}/health`)).rejects.toThrow();
  });

  it("says what it cannot be asked", async () => {
    const { ended, output } = demo("--port", "none");
    expect(await ended).toBe(1);
    expect(output()).toContain("none is no port");
  });
});
