/** Runs Stryker over one step: each mutant of its reference against the step's own tests. */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { onInterruption } from "../shared/infrastructure/run.ts";
import { Refused } from "../shared/workshop/command.ts";
import type { OpenLine } from "../shared/workshop/open-line.ts";
import { root, type Step } from "../shared/workshop/steps.ts";
import { type Mutant, readReport } from "./report.ts";
import { mutatedFiles, serversFor } from "./targets.ts";

export interface Attempt {
  readonly step: Step;
  /** What tells the step's tests where their servers are. */
  readonly servers: Readonly<Record<string, string>>;
  readonly line: OpenLine;
}

/**
 * All mutants of the step, each judged. One about which the first run could not tell is made once more, and
 * then meets all of its tests: a run that ends at the first red one cancels the rest, and now and then, on a
 * busy machine, it cancels the next mutant's tests as well, which Stryker takes for a survivor.
 */
export async function mutate(attempt: Attempt): Promise<readonly Mutant[]> {
  const { id } = attempt.step;
  const all = mutatedFiles(id).map((name) => `solutions/${id}/${name}`);
  const first = await mutants(attempt, all, { name: id, disableBail: false });
  const unsure = first.filter(({ outcome }) => outcome === "unsure");
  const ranges = [...new Set(unsure.map(({ range }) => range))];
  const again =
    ranges.length === 0
      ? []
      : await mutants(attempt, ranges, { name: `${id}-again`, disableBail: true });
  await expectGreen(attempt, all);
  return first.map((mutant) =>
    mutant.outcome === "unsure" ? (again.find((other) => isSame(mutant, other)) ?? mutant) : mutant,
  );
}

async function mutants(
  attempt: Attempt,
  files: readonly string[],
  settings: Settings,
): Promise<readonly Mutant[]> {
  return readReport(await runStryker(attempt, files, settings));
}

/** A mutant may break a server: whoever comes after it is killed for nothing, and nothing is what that says. */
async function expectGreen(attempt: Attempt, files: readonly string[]): Promise<void> {
  const { id } = attempt.step;
  try {
    await runStryker(attempt, files, {
      name: `${id}-unmutated`,
      disableBail: false,
      dryRunOnly: true,
    });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    throw new Refused(
      `After all mutants the tests of ${id} are red without one as well, so no verdict counts: has one of them ` +
        `broken a server? Restart them, or give this run its own: WORKSHOP_INFRA=embedded.\n${error.message}`,
    );
  }
}

function isSame(one: Mutant, other: Mutant): boolean {
  return one.range === other.range && one.replacement === other.replacement;
}

interface Settings {
  readonly name: string;
  readonly disableBail: boolean;
  /** Only the tests, without a mutant. */
  readonly dryRunOnly?: boolean;
}

/** Returns where its report is. */
async function runStryker(
  { step, servers, line }: Attempt,
  files: readonly string[],
  { name, disableBail, dryRunOnly = false }: Settings,
): Promise<string> {
  const folder = join(root, ".workshop", "mutation");
  const report = join(folder, `${name}.json`);
  const config = join(folder, `${name}.config.json`);
  mkdirSync(folder, { recursive: true });
  const jsonReporter = { fileName: report };
  const options = { ...settings, mutate: files, disableBail, dryRunOnly, jsonReporter };
  writeFileSync(config, JSON.stringify(options, undefined, 2));
  const program = join(root, "mutation/node_modules/@stryker-mutator/core/bin/stryker.js");
  const child = spawn(process.execPath, [program, "run", config], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
    // A group of its own: a Ctrl-C reaches us alone, and we see when the last of it has gone.
    detached: hasGroups,
    env: {
      ...process.env,
      ...servers,
      WORKSHOP_TREES: "reference",
      WORKSHOP_STEP: step.id,
      WORKSHOP_NEEDS: serversFor(step).join(","),
    },
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  let isInterrupted = false;
  const forget = onInterruption(async () => {
    isInterrupted = true;
    send(child, "SIGTERM");
    await ended;
    await untilAllHaveGone(child);
    removeSandbox();
  });
  const said: string[] = [];
  createInterface({ input: child.stdout }).on("line", (text) => {
    const progress = /^Mutation testing\s+(.*)/.exec(text)?.[1];
    if (progress === undefined) said.push(text);
    else line.show(`  ${step.id}  ${progress}`);
  });
  try {
    const code = await ended;
    if (isInterrupted) await new Promise<never>(() => {}); // the process ends when all is removed
    if (code !== 0) throw new Refused(`Stryker ended with ${code}.\n${said.join("\n")}`);
  } finally {
    forget();
    removeSandbox();
  }
  return report;
}

const hasGroups = process.platform !== "win32";

/** True where there is somebody to get the signal. */
function send(child: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  try {
    if (child.pid === undefined || !hasGroups) return child.kill(signal);
    return process.kill(-child.pid, signal);
  } catch {
    return false;
  }
}

/** Stryker goes at once; its test runner drops its databases first, which takes a few seconds. */
async function untilAllHaveGone(child: ChildProcess): Promise<void> {
  const enough = performance.now() + 30_000;
  while (send(child, 0) && performance.now() < enough) await delay(50);
}

const sandbox = ".workshop/stryker";

/** Stryker leaves its copy of the repository where it was interrupted. */
function removeSandbox(): void {
  rmSync(join(root, sandbox), { recursive: true, force: true, maxRetries: 3 });
}

const packages = join(root, "mutation/node_modules/@stryker-mutator");

const settings = {
  testRunner: "vitest",
  plugins: [join(packages, "vitest-runner/dist/src/index.js"), join(root, "mutation/prose.mjs")],
  ignorers: ["prose"],
  vitest: { configFile: "vitest.config.ts", related: false },
  coverageAnalysis: "perTest",
  // Two at a time are two runs that wait for each other's servers, and time limits mean less.
  concurrency: 1,
  timeoutMS: 20_000,
  tempDirName: sandbox,
  cleanTempDir: "always",
  ignorePatterns: [".git", ".workshop", "docs", "bench", "mutation"],
  reporters: ["json", "progress-append-only"],
  clearTextReporter: { allowColor: false },
  logLevel: "warn",
  allowEmpty: true,
};
