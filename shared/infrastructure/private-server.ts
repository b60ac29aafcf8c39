/**
 * A server that belongs to this run: started from its programs, in a temporary directory, on free
 * loopback ports, and gone with the run. What differs from server to server is its recipe.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chownSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server as Listener } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { end, identityOf } from "./process-identity.ts";
import { currentRun, type Run } from "./run.ts";

export interface PrivateServer {
  readonly url: string;
  /** Ends the server with its data in order, and starts it again on the same port and data. */
  restart(): Promise<void>;
  /** Ends the server at once and removes all that it has written. */
  stop(): Promise<void>;
}

/** Ends a server and its helpers, by SIGQUIT where no other signal is named: at once. */
type Stop = (signal?: NodeJS.Signals) => Promise<void>;

/** How a kind of server is set up and started. */
export interface Recipe {
  readonly title: string;
  /** How many ports it listens on. */
  readonly ports: number;
  /** What ends it soon, whoever is connected, with all that it has promised to keep. */
  readonly farewell: NodeJS.Signals;
  /** Makes in `home` what the server starts from. Throws with the reason why it cannot. */
  prepare(home: Home): void;
  /** What to run on these ports: the server, and before it what it needs. */
  programs(home: Home, ports: readonly number[]): readonly Program[];
  url(ports: readonly number[]): string;
  /** Resolves when the server greets, rejects as long as it does not. */
  greet(url: string): Promise<void>;
}

export interface Program {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** The directory of a private server. */
export interface Home {
  readonly path: string;
  /** Writes a file that only the server's account may read, and returns its path. */
  write(name: string, text: string): string;
}

/** Servers refuse to run as root, and should: there they run as `nobody`. */
export const account = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

const patience = 60_000;

/** 120 random bits that need no escaping in a URL, a file or a line of 80 columns. */
export function randomPassword(): string {
  return randomBytes(15).toString("base64url");
}

/** The server, or in a few words why it does not start. Then nothing of it is left. */
export async function startPrivateServer(recipe: Recipe): Promise<PrivateServer | string> {
  const run = await currentRun();
  const home = makeHome(run);
  try {
    recipe.prepare(home);
    const started = await startOnFreePorts(recipe, home, run);
    let { stop } = started;
    return {
      url: recipe.url(started.ports),
      restart: async () => {
        await stop(recipe.farewell);
        stop = await startOn(started.ports, recipe, home, run);
      },
      stop: async () => {
        await stop();
        home.remove();
      },
    };
  } catch (error) {
    home.remove();
    return `${recipe.title} does not start: ${error instanceof Error ? error.message : error}`;
  }
}

/** The last line that says something, short enough to be passed on. */
export function lastLine(text: string): string {
  const line = text.trim().split("\n").at(-1)?.trim() ?? "";
  return line.length > 160 ? `${line.slice(0, 159)}…` : line;
}

function makeHome(run: Run): Home & { remove(): void } {
  const path = join(tmpdir(), `event-sourcing-workshop-${run.newName()}`);
  const isGone = run.note({ kind: "directory", path });
  mkdirSync(path, { mode: 0o700 });
  giveToAccount(path);
  return {
    path,
    write: (name, text) => {
      const file = join(path, name);
      writeFileSync(file, text, { mode: 0o600 });
      giveToAccount(file);
      return file;
    },
    remove: () => {
      rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
      isGone();
    },
  };
}

function giveToAccount(path: string): void {
  if (account.uid !== undefined) chownSync(path, account.uid, account.gid);
}

async function startOnFreePorts(
  recipe: Recipe,
  home: Home,
  run: Run,
): Promise<{ readonly ports: readonly number[]; readonly stop: Stop }> {
  // Between asking for free ports and taking them, somebody else may be quicker.
  for (let attempt = 1; ; attempt += 1) {
    const ports = await freePorts(recipe.ports);
    try {
      return { ports, stop: await startOn(ports, recipe, home, run) };
    } catch (error) {
      if (attempt === 3 || !/address already in use|eaddrinuse|port_already/i.test(String(error)))
        throw error;
    }
  }
}

/** Starts the programs and waits for the greeting; the result ends them. Throws with the log's last line. */
async function startOn(
  ports: readonly number[],
  recipe: Recipe,
  home: Home,
  run: Run,
): Promise<Stop> {
  const log = join(home.path, "log.txt");
  const started: { readonly child: ChildProcess; readonly end: Stop }[] = [];
  const stop: Stop = async (signal) => {
    for (const { end } of started.splice(0).reverse()) await end(signal);
  };
  try {
    for (const program of recipe.programs(home, ports)) {
      started.push(launch(program, home, log, run, recipe.url(ports)));
    }
    const children = started.map(({ child }) => child);
    if (await greets(recipe, recipe.url(ports), children)) return stop;
    const said = lastLine(readFileSync(log, "utf8"));
    if (children.every(isRunning)) throw new Error(`no greeting in ${patience / 1000} s; ${said}`);
    throw new Error(said || "it ends without a word");
  } catch (error) {
    await stop();
    throw error;
  }
}

function launch(
  { file, args, env }: Program,
  home: Home,
  logFile: string,
  run: Run,
  serves: string,
): { readonly child: ChildProcess; readonly end: Stop } {
  const log = openSync(logFile, "a");
  const child = spawn(file, args, {
    ...account,
    cwd: home.path,
    ...(env && { env }),
    stdio: ["ignore", log, log],
    // Ctrl-C is for the run; it stops the server itself, once it needs it no more.
    detached: process.platform !== "win32",
    windowsHide: true,
  });
  closeSync(log);
  child.on("error", () => {}); // told by the missing pid
  child.unref();
  if (child.pid === undefined) throw new Error(`${file} cannot be executed`);
  const identity = identityOf(child.pid);
  const isGone = identity && run.note({ kind: "process", ...identity, serves });
  return {
    child,
    end: async (signal = "SIGQUIT") => {
      if (identity) await end(identity, signal);
      isGone?.();
    },
  };
}

async function greets(
  recipe: Recipe,
  url: string,
  children: readonly ChildProcess[],
): Promise<boolean> {
  const deadline = Date.now() + patience;
  while (Date.now() < deadline && children.every(isRunning)) {
    try {
      await recipe.greet(url);
      return true;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  return false;
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

/** Ports that are free now, all of them held until the last is found, so that no two are the same. */
async function freePorts(count: number): Promise<readonly number[]> {
  const listeners: Listener[] = [];
  try {
    for (let each = 0; each < count; each += 1) listeners.push(await listener());
    return listeners.map((held) => {
      const address = held.address();
      if (address === null || typeof address === "string") throw new Error("no free port");
      return address.port;
    });
  } finally {
    await Promise.all(listeners.map((held) => new Promise((resolve) => held.close(resolve))));
  }
}

function listener(): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}
