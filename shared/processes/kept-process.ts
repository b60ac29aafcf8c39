/**
 * A process that is kept running: when it dies it is started anew, at once the first time and later and
 * later while it goes on dying. It never outlives its parent: it ends when the channel to it closes, and it
 * is noted in the run's ledger, by which the run's end, or the next run, ends what is left.
 */

import { type ChildProcess, fork } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { identityOf } from "../infrastructure/process-identity.ts";
import type { Run } from "../infrastructure/run.ts";
import type { FromChild, ToChild } from "./messages.ts";

export interface KeptOptions {
  readonly run: Pick<Run, "note">;
  readonly name: string;
  /** The program: it calls `runAsChild`. */
  readonly file: string;
  /** For Node, beside what lets it run TypeScript. */
  readonly execArgv?: readonly string[];
  /** What the child gets; `url` is where its predecessor was reached, so that it is found there again. */
  readonly settings: (url: string | undefined) => unknown;
  /** A line that it has printed, or what is to be said about it. */
  readonly onLine: (line: string) => void;
  /** Milliseconds before it is started anew, after so many deaths without a while of life between them. */
  readonly pause?: (deaths: number) => number;
}

export interface KeptProcess {
  readonly name: string;
  /** Of the process that runs now; undefined between two lives. */
  pid(): number | undefined;
  /** How often it was started. */
  starts(): number;
  /** Resolves to where it is reached, "" for nowhere, as soon as a process of it is ready. Rejects when stopped before. */
  ready(): Promise<string>;
  /** Ends it, politely and then by force, and does not start it again. Never rejects. */
  stop(): Promise<void>;
}

/** Milliseconds between asking a process to end and ending it; its own limit comes first. */
const longestFarewell = 10_000;
/** Who has lived so long is not one that dies at once. */
const aWhile = 10_000;

const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

export function keepProcess(options: KeptOptions): KeptProcess {
  const { name, onLine, pause = growingPause } = options;
  const stopping = new AbortController();
  let life: Life | undefined;
  let url: string | undefined;
  let starts = 0;
  const ready = openSignal();

  const keep = async (): Promise<void> => {
    let deaths = 0;
    while (!stopping.signal.aborted) {
      const began = performance.now();
      life = begin(options, url, (reachedAt) => {
        if (stopping.signal.aborted) return;
        url = reachedAt;
        ready.settle(reachedAt ?? "");
      });
      starts += 1;
      const end = await life.ended;
      life = undefined;
      if (stopping.signal.aborted) return;
      ready.renew();
      deaths = performance.now() - began > aWhile ? 1 : deaths + 1;
      const wait = pause(deaths);
      onLine(`ended (${end}); starts anew in ${Math.round(wait)} ms`);
      await delay(wait, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const kept = keep();
  let stopped: Promise<void> | undefined;
  return {
    name,
    pid: () => life?.pid,
    starts: () => starts,
    ready: () => ready.settled(),
    stop() {
      stopped ??= (async () => {
        stopping.abort();
        await life?.end();
        await kept;
        ready.fail(new Error(`${name} was stopped.`));
      })();
      return stopped;
    },
  };
}

/** One process, from its start to its end. */
interface Life {
  readonly pid: number | undefined;
  /** In words: the exit code, or the signal. */
  readonly ended: Promise<string>;
  end(): Promise<void>;
}

function begin(
  { run, file, execArgv = [], settings, onLine }: KeptOptions,
  url: string | undefined,
  onReady: (url: string | undefined) => void,
): Life {
  const child = fork(file, {
    execArgv: ["--import", tsx, ...execArgv],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    // What a test runner has put in there is for its own processes.
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  const identity = child.pid === undefined ? undefined : identityOf(child.pid);
  const isGone = identity && run.note({ kind: "process", ...identity });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface(stream).on("line", onLine);
  }
  child.on("message", (message: FromChild) => onReady(message.url));
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  }).finally(() => isGone?.());
  tell(child, { kind: "start", settings: settings(url) });
  return {
    pid: child.pid,
    ended,
    async end() {
      tell(child, { kind: "stop" });
      const kill = setTimeout(() => child.kill("SIGKILL"), longestFarewell);
      await ended;
      clearTimeout(kill);
    },
  };
}

/** Nothing, where the child is gone already: its exit says so. */
function tell(child: ChildProcess, message: ToChild<unknown>): void {
  if (child.connected) child.send(message as object, () => undefined);
}

/** At once, then 100 ms, and twice as long each time up to 5 s. */
function growingPause(deaths: number): number {
  return deaths <= 1 ? 0 : Math.min(100 * 2 ** (deaths - 2), 5_000);
}

/** Something that comes true again and again: whoever waits gets the next time. */
function openSignal(): {
  settled(): Promise<string>;
  settle(value: string): void;
  fail(error: Error): void;
  renew(): void;
} {
  let resolve: (value: string) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  let isOpen = false;
  let promise: Promise<string>;
  const renew = (): void => {
    // Whoever waits already waits on: only what has settled is exchanged.
    if (isOpen) return;
    isOpen = true;
    promise = new Promise<string>((yes, no) => {
      resolve = yes;
      reject = no;
    });
    promise.catch(() => undefined);
  };
  renew();
  return {
    settled: () => promise,
    settle: (value) => {
      isOpen = false;
      resolve(value);
    },
    fail: (error) => {
      renew();
      isOpen = false;
      reject(error);
    },
    renew,
  };
}
