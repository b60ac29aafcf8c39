import { appendFileSync, chmodSync, existsSync, readFileSync, statSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { temporaryFolder } from "./fixtures/run-program.ts";
import { beginLedger, endLedger, ledgerFolder, note, readLedger } from "./ledger.ts";

const owner = { pid: 4711, started: "yesterday" };
const database = { kind: "database", server: "postgres://x", name: "workshop_a_1" } as const;
const queue = { kind: "queue", server: "amqp://x", name: "workshop-a-1.q" } as const;

let temporary: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  temporary = temporaryFolder();
  vi.stubEnv("TMPDIR", temporary.path);
  vi.stubEnv("TEMP", temporary.path);
});
afterEach(() => {
  vi.unstubAllEnvs();
  temporary.remove();
});

describe("a ledger", () => {
  it("holds what was noted and is not gone, in the order of the notes", () => {
    const file = beginLedger({ run: "a", owner });
    note(file, database);
    const queueIsGone = note(file, queue);
    note(file, { kind: "directory", path: "/nowhere" });
    queueIsGone();

    expect(readLedger(file)).toMatchObject({
      run: "a",
      owner,
      pending: [database, { kind: "directory", path: "/nowhere" }],
    });
  });

  it("is survived by a line that a killed process wrote in half", () => {
    const file = beginLedger({ run: "a", owner });
    note(file, database);
    appendFileSync(file, '{"note":{"kind":"que');

    expect(readLedger(file)?.pending).toEqual([database]);
  });

  it("takes no more notes once it is closed, so that nothing is made behind its back", () => {
    const file = beginLedger({ run: "a", owner });
    const databaseIsGone = note(file, database);
    endLedger(file);

    expect(() => note(file, queue)).toThrow(expect.objectContaining({ code: "ENOENT" }));
    databaseIsGone();
    expect(existsSync(file)).toBe(false);
  });

  it.skipIf(process.platform === "win32")("can be read by its owner only", () => {
    const file = beginLedger({ run: "a", owner });

    expect(readFileSync(file, "utf8")).toContain("4711");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(ledgerFolder()).mode & 0o777).toBe(0o700);
  });

  it.skipIf(process.platform === "win32")("is not begun where others could write one", () => {
    beginLedger({ run: "a", owner });
    chmodSync(ledgerFolder(), 0o777);

    expect(() => beginLedger({ run: "b", owner })).toThrow("open to other users");
  });
});
