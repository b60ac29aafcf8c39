import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { sweep } from "./cleaning.ts";
import { databasesLike, leftIn, startProgram, temporaryFolder } from "./fixtures/run-program.ts";
import { handDown } from "./handed-down.ts";
import { climb, type RunningService } from "./ladder.ts";
import { beginLedger, note } from "./ledger.ts";
import { startPostgres } from "./postgres.ts";
import { identityOf } from "./process-identity.ts";

const dead = { pid: 4_000_000_000, started: "never" };
const running: RunningService = {
  url: "postgres://ada:s3cret@127.0.0.1:1/shop",
  label: "PostgreSQL 15 (container)",
  rung: "docker",
  isPrivate: true,
  passedOver: [],
  stop: async () => {},
};

let temporary: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  temporary = temporaryFolder();
  for (const name of ["TMPDIR", "TEMP", "TMP"]) vi.stubEnv(name, temporary.path);
});
afterEach(() => {
  vi.unstubAllEnvs();
  temporary.remove();
});

function inherit(services: Parameters<typeof handDown>[0]): void {
  for (const [name, value] of Object.entries(handDown(services))) vi.stubEnv(name, value);
}

describe("a server that was handed down", () => {
  it("is taken before every rung, also before one that is forced, and is not the run's to stop", async () => {
    const listener = createServer((connection) => connection.destroy());
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
    const address = listener.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const url = `postgres://ada:s3cret@127.0.0.1:${port}/shop`;
    const stop = vi.fn();
    inherit({ postgres: { ...running, url, stop } });
    vi.stubEnv("WORKSHOP_INFRA", "docker");
    const rung = { name: "docker", start: vi.fn() } as const;

    const service = await climb("postgres", [rung], "");
    await service.stop();

    expect(service).toMatchObject({ url, label: running.label, isPrivate: false, passedOver: [] });
    expect([rung.start, stop].flatMap(({ mock }) => mock.calls)).toEqual([]);
    await new Promise((resolve) => listener.close(resolve));
  });

  it("is missed in one line, without its password, when it has gone", async () => {
    inherit({ postgres: running });

    await expect(climb("postgres", [], "")).rejects.toMatchObject({
      name: "InfrastructureMissing",
      message:
        "The PostgreSQL 15 (container) of this session is gone: nothing answers at " +
        "postgres://ada@127.0.0.1:1/shop any more. End the session and start it again.",
    });
  });

  it("is a private one: what was there before, the run finds by itself", async () => {
    inherit({ postgres: { ...running, isPrivate: false } });
    vi.stubEnv("WORKSHOP_INFRA", "");
    const found = { ...running, url: "found" };

    const service = await climb("postgres", [{ name: "local", start: async () => found }], "");

    expect(service.url).toBe("found");
  });

  it("takes along what is on it: nothing is looked for there once its process has ended", async () => {
    const database = { kind: "database", server: running.url, name: "workshop_a_1" } as const;
    const self = identityOf(process.pid);
    const ended = beginLedger({ run: "aaaaaa", owner: dead });
    note(ended, { ...database, owner: dead });
    const alive = beginLedger({ run: "bbbbbb", owner: dead });
    note(alive, { ...database, ...(self && { owner: self }) });

    expect(await sweep()).toEqual([]);
    expect([ended, alive].map(existsSync)).toEqual([false, true]);
  });
});

describe("the runs of a session", { timeout: 60_000 }, () => {
  let session: RunningService;
  beforeAll(async () => {
    vi.stubEnv("WORKSHOP_INFRA", "embedded");
    session = await startPostgres();
  }, 60_000);
  afterAll(() => session.stop());

  function start(ending: "return" | "wait") {
    return startProgram("program.ts", [ending], temporary.path, handDown({ postgres: session }));
  }

  it("use its server one after the other and leave nothing on it, also when they are killed", async () => {
    const first = start("wait");
    const made = await first.made;
    first.process.kill("SIGKILL");
    await first.ended;
    const leftByTheFirst = await databasesLike(session.url, made.databaseUrl);
    const second = start("return");

    expect([await second.ended, made.label]).toEqual([0, session.label]);
    expect(new URL(made.databaseUrl).port).toBe(new URL(session.url).port);
    expect(leftByTheFirst).toHaveLength(1);
    expect(await databasesLike(session.url, made.databaseUrl)).toEqual([]);
    expect(leftIn(temporary.path)).toEqual([]);
  });
});
