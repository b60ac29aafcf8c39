import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { allBackups, changeFiles, contentBefore } from "./backups.ts";
import { Refused } from "./command.ts";
import { Crash, failingDisk } from "./failing-disk.ts";

const step = "01-aggregate";
let root = "";

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "workshop für zwei "));
  mkdirSync(join(root, "steps", step), { recursive: true });
  write("stay.ts", "my stay");
  write("price.ts", "my price");
});

afterEach(() => {
  vi.useRealTimers();
  rmSync(root, { recursive: true, force: true });
});

describe("a change of a learner's files", () => {
  it("keeps what was there, and touches no other file", () => {
    write("mine.ts", "mine");
    const { backup } = change("reset", { "stay.ts": "starter", "price.ts": "my price" });

    expect(files()).toEqual({ "stay.ts": "starter", "price.ts": "my price", "mine.ts": "mine" });
    expect(backup).toMatchObject({ what: "reset", stepId: step, files: ["stay.ts"] });
    expect(read(`.workshop/backups/${backup?.name}/before/stay.ts`)).toBe("my stay");
  });

  it("of nothing makes no backup", () => {
    expect(change("reset", files())).toEqual({ finished: [] });
    expect(allBackups({ root })).toEqual([]);
  });

  it("keeps bytes that are no text", () => {
    const latin = Buffer.from([0x67, 0xfc, 0x0d, 0x0a, 0x00, 0xff]);
    writeFileSync(join(root, "steps", step, "stay.ts"), latin);
    change("reset", { "stay.ts": "starter" });
    undo();

    expect(readFileSync(join(root, "steps", step, "stay.ts"))).toEqual(latin);
  });

  it("brings back a file that was removed, and undone it is gone again", () => {
    rmSync(join(root, "steps", step, "stay.ts"));
    change("reset", { "stay.ts": "starter" });
    expect(files()["stay.ts"]).toBe("starter");
    undo();

    expect(files()).toEqual({ "price.ts": "my price" });
  });

  it("comes after all others in the list, also when the clock was set back", () => {
    vi.useFakeTimers({ now: new Date("2030-05-01T10:00:00.000Z"), toFake: ["Date"] });
    change("reset", { "stay.ts": "1" });
    vi.setSystemTime(new Date("2029-12-31T10:00:00.000Z"));
    change("solution", { "stay.ts": "2" });

    expect(allBackups({ root }).map(({ what }) => what)).toEqual(["solution", "reset"]);
  });
});

describe("a change that cannot be done", () => {
  it("changes nothing, wherever the disk is full, and says so", () => {
    const before = files();
    let refused = 0;
    for (let after = 0; after < 40; after++) {
      try {
        change("reset", { "stay.ts": "a", "price.ts": "b" }, { after, by: "error" });
        break;
      } catch (error) {
        expect(error).toBeInstanceOf(Refused);
        expect(error).toHaveProperty(
          "message",
          expect.stringMatching(/^Nothing was changed.*full/),
        );
        expect(files()).toEqual(before);
        expect(allBackups({ root })).toEqual([]);
        refused++;
      }
    }

    expect(refused).toBeGreaterThan(8);
    expect(files()).toEqual({ "stay.ts": "a", "price.ts": "b" });
  });

  it("changes nothing where the step's folder is gone", () => {
    rmSync(join(root, "steps", step), { recursive: true });

    expect(() => change("reset", { "stay.ts": "a" })).toThrow(/^Nothing was changed.*not there/);
    expect(allBackups({ root })).toEqual([]);
  });

  it.skipIf(process.getuid?.() === 0 || process.platform === "win32").each([
    ["the step's folder", `steps/${step}`],
    ["the workshop's own", ".workshop/backups"],
  ])("changes nothing where %s is read-only", (_, folder) => {
    mkdirSync(join(root, folder), { recursive: true });
    const before = files();
    chmodSync(join(root, folder), 0o500);
    try {
      expect(() => change("reset", { "stay.ts": "a" })).toThrow(/^Nothing was changed.*not write/);
    } finally {
      chmodSync(join(root, folder), 0o700);
    }
    expect(files()).toEqual(before);
  });
});

describe("a change that a crash interrupted", () => {
  it("is finished by the next, which says so, and its backup has what the learner wrote", () => {
    crashHalfWay();
    const { finished, backup } = change("reset", { "stay.ts": "starter", "price.ts": "starter" });

    expect(finished.map(({ what }) => what)).toEqual(["reset"]);
    expect(backup).toBeUndefined();
    expect(files()).toEqual({ "stay.ts": "starter", "price.ts": "starter" });
    undo();
    expect(files()).toEqual({ "stay.ts": "my stay", "price.ts": "my price" });
  });

  it("leaves alone what the learner wrote since", () => {
    crashHalfWay();
    write("stay.ts", "written since");
    write("price.ts", "this, too");
    change("solution", { "price.ts": "reference" });

    expect(files()).toEqual({ "stay.ts": "written since", "price.ts": "reference" });
    expect(readdirSync(join(root, "steps", step)).sort()).toEqual(["price.ts", "stay.ts"]);
  });

  it("does not hold up another step", () => {
    crashHalfWay();
    const between = files();
    mkdirSync(join(root, "steps", "02-replay"));
    changeFiles({ root }, "reset", "02-replay", [{ name: "a.ts", content: Buffer.from("a") }]);

    expect(files()).toEqual(between);
    expect(existsSync(join(root, "steps", "02-replay", "a.ts"))).toBe(true);
  });
});

/** The first file is replaced, the second is not. */
function crashHalfWay(): void {
  const before = files();
  for (
    let after = 40;
    files()["stay.ts"] === "my stay" || files()["price.ts"] === "starter";
    after--
  ) {
    rmSync(join(root, ".workshop"), { recursive: true, force: true });
    for (const [name, text] of Object.entries(before)) write(name, text);
    try {
      change("reset", { "stay.ts": "starter", "price.ts": "starter" }, { after, by: "crash" });
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }
}

function change(
  what: string,
  texts: Readonly<Record<string, string>>,
  ends?: { readonly after: number; readonly by: "crash" | "error" },
): ReturnType<typeof changeFiles> {
  const targets = Object.entries(texts).map(([name, text]) => ({
    name,
    content: Buffer.from(text),
  }));
  return changeFiles({ root, disk: failingDisk(ends) }, what, step, targets);
}

function undo(): void {
  const [latest] = allBackups({ root });
  if (latest) changeFiles({ root }, "undo", step, contentBefore({ root }, latest));
}

function write(name: string, text: string): void {
  writeFileSync(join(root, "steps", step, name), text);
}

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** The step's files, without those that a crash left. */
function files(): Record<string, string> {
  const folder = join(root, "steps", step);
  if (!existsSync(folder)) return {};
  const names = readdirSync(folder).filter((name) => !name.startsWith("."));
  return Object.fromEntries(names.map((name) => [name, read(`steps/${step}/${name}`)]));
}
