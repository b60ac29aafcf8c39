/** Processes that are started, started anew, and ended by a parent. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { identityOf, isAlive } from "../infrastructure/process-identity.ts";
import { type Fleet, startFleet } from "./fleet.ts";

const file = fileURLToPath(new URL("./fixtures/child.ts", import.meta.url));
const started: Fleet[] = [];
afterEach(async () => {
  for (const fleet of started.splice(0)) await fleet.stop();
});

function fleetOf(names: readonly string[], lines: string[] = []): Fleet {
  const fleet = startFleet({
    run: { note: () => () => undefined },
    file,
    groups: names,
    members: names.map((name) => ({ name, group: name, settings: () => ({ name }) })),
    onLine: (_, line) => lines.push(line),
    pause: (deaths) => deaths,
  });
  started.push(fleet);
  return fleet;
}

describe("processes that belong together", () => {
  it("end in the order of their groups, each after the one before", async () => {
    const lines: string[] = [];
    const fleet = fleetOf(["first", "second", "third"], lines);
    const pids = (await fleet.ready()).map((url) => Number(url.split(" ").at(-1)));
    const identities = pids.map(identityOf);

    await fleet.stop();

    expect(lines).toEqual(["first ends", "second ends", "third ends"]);
    expect(identities.map((each) => each && isAlive(each))).toEqual([false, false, false]);
  });

  it("are started anew when they die, and are ready again", async () => {
    const lines: string[] = [];
    const fleet = fleetOf(["one"], lines);
    const [first] = await fleet.ready();
    const [member] = fleet.members;
    for (const starts of [2, 3]) {
      process.kill(member?.pid() ?? 0, "SIGKILL");
      await expect.poll(() => member?.starts(), { timeout: 10_000 }).toBe(starts);
      expect((await fleet.ready())[0]).not.toBe(first);
    }
    expect(lines).toEqual([
      "ended (SIGKILL); starts anew in 1 ms",
      "ended (SIGKILL); starts anew in 2 ms",
    ]);
  });

  it("are not waited for any more when they are stopped before they are ready", async () => {
    const fleet = fleetOf(["one"]);
    const ready = fleet.ready();
    await fleet.stop();

    await expect(ready).rejects.toThrow("one was stopped");
  });
});

describe("a process whose parent was killed", () => {
  it("ends by itself", async () => {
    const program = fileURLToPath(new URL("./fixtures/parent.ts", import.meta.url));
    const parent = spawn(process.execPath, ["--import", "tsx", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = createInterface(parent.stdout);
    const [pid] = await once(lines, "line");
    const child = identityOf(Number(pid));
    parent.kill("SIGKILL");

    await expect.poll(() => child && isAlive(child), { timeout: 10_000 }).toBe(false);
  });
});
