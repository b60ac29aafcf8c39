import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { endAll, typeLine } from "./terminal.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mein Wörkshop ✔ "));
  writeFileSync(join(folder, "say.js"), "console.log(...process.argv.slice(2), process.cwd());\n");
  writeFileSync(join(folder, "fail.js"), "console.error('no'); process.exit(3);\n");
  // A child of its own, as a test run has: it has to hear of the end, too.
  writeFileSync(
    join(folder, "stay.js"),
    `const { spawn } = require("node:child_process");
     spawn(process.execPath, ["-e", "setInterval(() => {}, 1000); console.log('up')"], { stdio: "inherit" });
     process.on("SIGINT", () => { console.log("cleaned up"); process.exit(0); });
     setInterval(() => {}, 1000);\n`,
  );
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const type = (line: string, interruptAt?: string) =>
  typeLine(line, line, { folder, ...(interruptAt !== undefined && { interruptAt }) });

describe("the robot's terminal", () => {
  it("types words, quoted ones as one, and reads what is printed", async () => {
    const said = await type('node say.js one "two three"');
    expect(said).toMatchObject({ command: 'node say.js one "two three"', code: 0 });
    expect(said.output).toMatch(/^one two three .*mein Wörkshop ✔ /);
  });

  it("goes on behind && only where all is well", async () => {
    expect((await type("node say.js a && node say.js b")).output).toMatch(/^a .*\nb /);
    const said = await type("node fail.js && node say.js never");
    expect(said).toMatchObject({ code: 3, output: "no\n" });
  });

  it.skipIf(process.platform === "win32")("types Ctrl-C, and all that was begun ends", async () => {
    // It resolves when the last process with this output is gone.
    const said = await type("node stay.js", "up");
    expect(said).toMatchObject({ code: 0 });
    expect(said.output).toContain("cleaned up");
  });

  it.skipIf(process.platform === "win32")("ends what still runs, and types no more", async () => {
    const staying = type("node stay.js", "never printed");
    const failing = type("node fail.js");
    await failing;
    await endAll();
    expect((await staying).code).toSatisfy((code: number) => code === 0 || code === 130);
    await expect(type("node say.js")).rejects.toThrow("The robot is being ended");
  });
});
