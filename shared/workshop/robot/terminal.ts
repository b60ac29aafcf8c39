/** A learner's terminal: command lines are typed, what is printed is read, and nothing outlives the robot. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { Fault } from "./fault.ts";

/** What came of one command line. */
export interface Said {
  /** As it was typed, with the folder where that is not the clone's root. */
  readonly command: string;
  readonly code: number;
  /** What was printed, both streams as they came. */
  readonly output: string;
}

export interface Typing {
  readonly folder: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Types Ctrl-C once the output holds this. */
  readonly interruptAt?: string;
  /** As whom, where the robot may choose. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** No command that a learner waits for takes longer, on a busy machine either. */
const longest = 600_000;

const running = new Set<ChildProcess>();
let isOver = false;

/**
 * Types a line of commands, joined by `&&`; there is no keyboard behind it and no screen before it.
 * Faults name it as `shown`.
 */
export async function typeLine(line: string, shown: string, typing: Typing): Promise<Said> {
  let said: Said = { command: shown, code: 0, output: "" };
  for (const command of line.split(" && ")) {
    if (said.code !== 0) break;
    const { code, output } = await run(wordsOf(command), shown, typing);
    said = { command: shown, code, output: said.output + output };
  }
  return said;
}

/** Ends whatever was typed and still runs: politely, so that it cleans up, then by force. */
export async function endAll(): Promise<void> {
  isOver = true;
  const ended = [...running].map((child) => once(child, "close"));
  for (const child of running) signal(child, "SIGINT");
  const force = setTimeout(() => killAll(), 30_000);
  await Promise.all(ended);
  clearTimeout(force);
}

/** Whether endAll was called: whatever is said from then on says nothing. */
export function isEnding(): boolean {
  return isOver;
}

/** For the moment in which nothing can be waited for any more. */
export function killAll(): void {
  for (const child of running) signal(child, "SIGKILL");
}

async function run(
  words: readonly string[],
  shown: string,
  { folder, env, interruptAt, user }: Typing,
): Promise<{ readonly code: number; readonly output: string }> {
  if (isOver) throw new Fault("The robot is being ended.");
  const [program = "", ...args] = words;
  const [file, ...before] = programOf(program);
  const child = spawn(file, [...before, ...args], {
    cwd: folder,
    env: { ...learnersEnvironment(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
    // A process group of its own, as a shell gives it: Ctrl-C is for all of it.
    detached: process.platform !== "win32",
    windowsHide: true,
    ...user,
  });
  running.add(child);
  let output = "";
  const listen = (chunk: string): void => {
    const isUp = interruptAt !== undefined && !output.includes(interruptAt);
    output += chunk;
    if (isUp && output.includes(interruptAt)) signal(child, "SIGINT");
  };
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", listen);
  let tooLong = false;
  const timer = setTimeout(() => {
    tooLong = true;
    signal(child, "SIGKILL");
  }, longest);
  try {
    const [code, by] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
    // As a shell counts it.
    const said = { command: shown, code: by ? 128 + constants.signals[by] : (code ?? -1), output };
    if (tooLong) throw new Fault(`It had not ended after ${longest / 1000} s.`, said);
    return said;
  } finally {
    clearTimeout(timer);
    running.delete(child);
  }
}

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  try {
    if (process.platform === "win32" || child.pid === undefined) child.kill(name);
    else process.kill(-child.pid, name);
  } catch {
    // It has ended meanwhile.
  }
}

/** npm by this Node and without a shell, so that it is the same on Windows. */
function programOf(name: string): readonly [string, ...string[]] {
  const npm = process.env.npm_execpath;
  if (name === "node") return [process.execPath];
  if (npm === undefined || (name !== "npm" && name !== "npx")) return [name];
  return [process.execPath, join(dirname(npm), `${name}-cli.js`)];
}

function wordsOf(command: string): readonly string[] {
  return [...command.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);
}

/** Ours, without what npm, Vitest and the robot's caller have put there. */
function learnersEnvironment(): NodeJS.ProcessEnv {
  const left = Object.entries(process.env).filter(
    ([name]) =>
      !/^(npm_|INIT_CWD$|NODE_OPTIONS$|FORCE_COLOR$|VITEST|WORKSHOP_(TREES|TOOLING|NEEDS)$)/i.test(
        name,
      ),
  );
  return { ...Object.fromEntries(left), NO_COLOR: "1" };
}
