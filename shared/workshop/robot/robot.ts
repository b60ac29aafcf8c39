/**
 * The robot: learners who take the workshop by its public commands only, each in a clone of their own, and
 * who look at what is printed, what is remembered, and what became of their files.
 */

import { chmodSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { dim, green, red } from "../paint.ts";
import { steps } from "../steps.ts";
import type { Counted } from "../verify-places.ts";
import { Fault } from "./fault.ts";
import { type Published, publish } from "./published.ts";
import type { Station } from "./station.ts";
import { badCode } from "./stations-bad-code.ts";
import { badState } from "./stations-bad-state.ts";
import { changing } from "./stations-changing.ts";
import { documentedCommands } from "./stations-documents.ts";
import { firstLook } from "./stations-first-look.ts";
import { walkThrough } from "./stations-lessons.ts";
import { servers } from "./stations-servers.ts";
import { updating } from "./stations-updating.ts";
import { endAll, isEnding, killAll } from "./terminal.ts";

interface RobotOptions {
  readonly installs: boolean;
  /** Only learners whose name holds this. */
  readonly only?: string | undefined;
}

interface Way {
  /** The name of the learner and of the folder of the clone. */
  readonly learner: string;
  readonly stations: readonly Station[];
}

/** The longest first. */
const ways: readonly Way[] = [
  { learner: "Łukasz beginnt vorn", stations: [...firstLook, ...walkThrough([1, 2, 3, 4, 5])] },
  { learner: "Zoë springt zu 06", stations: walkThrough([6, 7, 8]) },
  { learner: "Ñusta springt zu 12", stations: walkThrough(from(12)) },
  { learner: "Søren irrt sich", stations: [...badCode, ...badState] },
  { learner: "Noémie continue", stations: walkThrough([9, 10, 11]) },
  { learner: "Ayşe aktualisiert", stations: updating },
  { learner: "José überlegt es sich", stations: [...changing, ...servers] },
];

/** Counts stations. Prints a line for each, and all there is to a fault. */
export async function runRobot({ installs, only = "" }: RobotOptions): Promise<Counted> {
  const chosen = ways.filter(({ learner }) => learner.includes(only));
  if (chosen.length === 0) {
    const names = ways.map(({ learner }) => learner).join(", ");
    throw new RangeError(`No learner's name holds "${only}". They are ${names}.`);
  }
  const started = performance.now();
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "Übung im Wörkshop ✔ ")));
  chmodSync(folder, 0o755); // For the account under which root's servers run.
  const leave = (): void => {
    killAll();
    removeFolder(folder);
  };
  const interrupted = (): void => {
    console.log("\nEnding what was begun ...");
    void endAll().then(() => process.exit(130));
  };
  process.once("exit", leave);
  process.on("SIGINT", interrupted).on("SIGTERM", interrupted);
  try {
    const typed = new Set<string>();
    const walks = await walkAll(chosen, (name) =>
      publish({ folder: join(folder, name), installs, typed }),
    );
    if (only === "") {
      const way = { learner: "Renée liest nach", stations: [documentedCommands(typed)] };
      walks.push(
        await begin(way, (name) => publish({ folder: join(folder, name), installs, typed })),
      );
    }
    const passed = walks.reduce((sum, walk) => sum + walk.passed, 0);
    const failed = walks.filter(({ isWhole }) => !isWhole).length;
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.log(
      `  ${passed} stations in ${seconds} s, ${failed} of ${walks.length} learners stopped`,
    );
    return { passed, failed };
  } finally {
    process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
    process.off("exit", leave);
    removeFolder(folder);
  }
}

function from(first: number): readonly number[] {
  return steps.map(({ number }) => number).filter((number) => number >= first);
}

interface Walk {
  /** How many stations. */
  readonly passed: number;
  readonly isWhole: boolean;
}

/** Servers make learners wait half of their time, so there are two more of them than there are processors. */
async function walkAll(
  chosen: readonly Way[],
  publishFor: (name: string) => Promise<Published>,
): Promise<Walk[]> {
  const waiting = [...chosen];
  const walks: Walk[] = [];
  const walkOn = async (): Promise<void> => {
    for (let way = waiting.shift(); way !== undefined; way = waiting.shift()) {
      walks.push(await begin(way, publishFor));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() + 2 }, walkOn));
  return walks;
}

/** What keeps one learner from beginning stops nobody else. */
async function begin(way: Way, publishFor: (name: string) => Promise<Published>): Promise<Walk> {
  try {
    return await walk(way, await publishFor(way.learner));
  } catch (error) {
    if (!isEnding()) {
      console.log(`  ${red("✘")} ${way.learner} could not begin`);
      printFault(error);
    }
    return { passed: 0, isWhole: false };
  }
}

/** The way ends at its first fault: what comes behind builds on it. */
async function walk({ learner: name, stations }: Way, published: Published): Promise<Walk> {
  const { maintainer } = published;
  const learner = await published.cloneFor(name);
  for (const [index, station] of stations.entries()) {
    const started = performance.now();
    const tell = (mark: string): void => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(6);
      console.log(`  ${mark} ${seconds} s  ${dim(name)}  ${station.name}`);
    };
    try {
      await station.visit(learner, maintainer);
      tell(green("✔"));
    } catch (error) {
      if (isEnding()) return { passed: index, isWhole: false };
      tell(red("✘"));
      printFault(error);
      const left = stations.length - index - 1;
      if (left > 0) console.log(`  ${left} more stations of ${name} were not reached.`);
      return { passed: index, isWhole: false };
    }
  }
  return { passed: stations.length, isWhole: true };
}

function printFault(error: unknown): void {
  if (!(error instanceof Fault)) {
    console.log(error);
    return;
  }
  const { message, said } = error;
  console.log(`    expected  ${message}`);
  if (said === undefined) return;
  console.log(`    command   ${said.command}\n    printed`);
  console.log(said.output.trimEnd().replaceAll(/^/gm, "      | "));
}

function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
