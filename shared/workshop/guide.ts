/** The guided mode's loop: saves and keys come in, runs and commands go out, one page is shown. */

import { spawn } from "node:child_process";
import { join } from "node:path";
import { keepServers } from "../infrastructure/global-setup.ts";
import { congratulation } from "./congratulation.ts";
import { watchFolder } from "./folder-changes.ts";
import { guidedEnvironment } from "./guided.ts";
import { tasksByTitle } from "./hints.ts";
import { lendKeys, readKeys } from "./keys.ts";
import { bold, dim } from "./paint.ts";
import { markSolved, rememberFailures, rememberOpened, solvedSteps } from "./progress-file.ts";
import { progressScreen } from "./progress-screen.ts";
import { openScreen } from "./screen.ts";
import { stepHeading } from "./step-heading.ts";
import type { StepReport } from "./step-report.ts";
import { root, type Step, stepNumbered, steps } from "./steps.ts";
import { openSession, type WatchSession } from "./watch-session.ts";
import { whoseCode } from "./whose-code.ts";

const help = "[h]int [s]olution [p]lay [m]istakes [n]ext [l]ist [j]ump [r]eset [u]ndo [q]uit";

/** Guides the learner from this step on; resolves when they quit, with all that was started ended. */
export async function guide(first: Step): Promise<void> {
  const screen = openScreen();
  const releaseServers = keepServers();
  let step = first;
  let session: WatchSession | undefined;
  let stopWatching = (): void => {};
  const changed: string[] = [];
  /** Counts what was asked for: whoever is no longer the latest keeps quiet. */
  let latest = 0;
  let commands = 0;
  /** A command prints below the page. */
  let isAtWork = false;
  /** Of the last run: what failed first, and how many tests there were. */
  let failing: string | undefined;
  let tests = 0;

  async function turnTo(chosen: Step): Promise<void> {
    latest += 1;
    const mine = latest;
    stopWatching();
    step = chosen;
    rememberOpened(step.id);
    screen.show([...heading(step), "", dim("Getting ready ...")]);
    await session?.close();
    session = undefined;
    const opened = await openSession(step);
    if (mine !== latest) return opened.close();
    session = opened;
    stopWatching = watchFolder(join(root, "steps", step.id), (files) => void test(files));
    void test([]);
  }

  async function test(files: readonly string[]): Promise<void> {
    latest += 1;
    const mine = latest;
    const warm = session;
    changed.push(...files);
    await warm?.cancel();
    if (!warm || mine !== latest) return;
    const started = performance.now();
    const before = commands;
    const running = (ended: number): void => {
      const count = `${ended}${tests > 0 ? ` of ${tests}` : ""} tests`;
      if (mine === latest && !isAtWork) screen.status(dim(`running ... ${ended > 0 ? count : ""}`));
    };
    running(0);
    const page = (report: StepReport, types: readonly string[] = []): readonly string[] => {
      const seconds = (performance.now() - started) / 1000;
      const place = [warm.servers(), `tested in ${seconds.toFixed(1)} s`].filter(
        (part) => part !== "",
      );
      const above = [...heading(step, place.join(" · ")), ""];
      return fitting(
        [report.lines, ...report.shorter].map((lines) => [
          ...above,
          ...verdict(step, report, lines),
          ...types,
        ]),
      );
    };
    const onFirst = (first: StepReport): void => {
      if (mine === latest && commands === before) screen.show(page(first));
    };
    const report = await warm.run(changed.splice(0), { onTest: running, onFirst });
    if (!report || mine !== latest) return;
    [failing] = report.failing;
    tests = report.tests;
    markSolved(step.id, report.isGreen);
    if (report.failing.length > 0) rememberFailures(step.id, report.failing);
    // A hint that was asked for meanwhile stays in sight.
    const show = (lines: readonly string[]): void => {
      if (commands === before) screen.show(lines);
      else screen.add(lines);
      screen.status(dim(help));
    };
    show(page(report));
    // The compiler is slower than the tests, and nobody waits for it.
    const types = await warm.typeErrors(report.lines);
    if (types.length > 0 && mine === latest && !isAtWork) show(page(report, types));
  }

  /** A command of the workshop, in a process of its own: it prints below the page. */
  async function command(name: string, ...more: readonly string[]): Promise<void> {
    commands += 1;
    isAtWork = true;
    screen.release();
    const args = [String(step.number), ...more];
    // Of all the commands this one has questions.
    if (name === "mistakes") await lendKeys(() => runScript(name, args, "inherit"));
    else await runScript(name, args, "ignore");
    isAtWork = false;
    screen.add([]);
    screen.status(dim(help));
  }

  const keys = readKeys();
  await turnTo(first);
  for await (const key of keys) {
    if (key === "q" || key === "\u0003" || key === "\u0004") break;
    if (key === "h") await hint();
    else if (key === "s") await spoiler("solution");
    else if (key === "p") await command("play");
    else if (key === "m") await spoiler("mistakes");
    else if (key === "r") {
      if (await isYes(`Give back the starter of step ${step.number}?`)) await command("reset");
    } else if (key === "u") await command("undo");
    else if (key === "l") {
      screen.add(["", ...progressScreen()]);
      screen.status(dim(help));
    } else if (key === "n") await turnTo(after(step) ?? step);
    else if (key === "j") {
      const number = await askNumber();
      if (number === undefined) screen.status(dim(help));
      else if (steps.some((candidate) => candidate.number === number)) {
        void turnTo(stepNumbered(number));
      } else screen.status(`There is no step ${number}.   ${dim(help)}`);
    } else if (key === "\r" || key === "\n") void test([]);
  }
  latest += 1;
  stopWatching();
  screen.release();
  await session?.close();
  await releaseServers();

  /** What is red may belong to no task alone, as a law does: then the learner says which one it is. */
  async function hint(): Promise<void> {
    const { numberOf, last } = tasksByTitle(step.id);
    if (failing === undefined || numberOf(failing) !== undefined) return command("hint");
    screen.status(`What is red belongs to no task alone. A hint for which one? 1 to ${last}`);
    const key = String((await keys.next()).value);
    if (/^[1-9]$/.test(key) && Number(key) <= last) await command("hint", key);
    else screen.status(dim(help));
  }

  /** What shows a part of the answer asks first, while the step is not solved. */
  async function spoiler(name: string): Promise<void> {
    const question = `Step ${step.number} is not green yet, and this shows its answer. Show it?`;
    if (solvedSteps().has(step.id) || (await isYes(question))) await command(name);
  }

  async function isYes(question: string): Promise<boolean> {
    screen.status(`${question} y / n`);
    if ((await keys.next()).value === "y") return true;
    screen.status(dim(help));
    return false;
  }

  async function askNumber(): Promise<number | undefined> {
    let digits = "";
    for (;;) {
      screen.status(`Jump to step: ${digits}`);
      const { value: key, done } = await keys.next();
      if (done === true || key === "\u001b" || key === "\u0003") return undefined;
      if (/^\d$/.test(key) && digits.length < 2) digits += key;
      else if (key === "\u007f" || key === "\b") digits = digits.slice(0, -1);
      else if (key === "\r" || key === "\n") return digits === "" ? undefined : Number(digits);
    }
  }
}

function heading(step: Step, servers = ""): readonly string[] {
  return [
    bold(stepHeading(step.id).line),
    ...whoseCode(step).map(dim),
    ...(servers === "" ? [] : [dim(servers)]),
    dim(`steps/${step.id}/README.md`),
  ];
}

/** The first of these pages that is no higher than the terminal, or the last: its beginning says what is red. */
function fitting(pages: readonly (readonly string[])[]): readonly string[] {
  const height = (process.stdout.rows || 24) - 2;
  return pages.find((page) => page.length <= height) ?? pages.at(-1) ?? [];
}

function verdict(step: Step, { isGreen }: StepReport, lines: readonly string[]): readonly string[] {
  // The command for a hint is a key here.
  if (!isGreen) return lines.map((line) => line.replace(/npm run hint \d+/, "h"));
  const columns = Math.min(process.stdout.columns, 80);
  return [...lines, "", ...congratulation(step, after(step), columns)];
}

function after(step: Step): Step | undefined {
  return steps.find(({ number }) => number > step.number);
}

function runScript(
  name: string,
  args: readonly string[],
  input: "inherit" | "ignore",
): Promise<void> {
  const script = join(import.meta.dirname, `${name}.ts`);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...process.execArgv, script, ...args], {
      cwd: root,
      env: guidedEnvironment(),
      stdio: [input, "inherit", "inherit"],
    });
    const endWithUs = (): void => void child.kill();
    process.once("exit", endWithUs);
    child.once("error", (error) => console.error(error.message));
    child.once("close", () => {
      process.off("exit", endWithUs);
      resolve();
    });
  });
}
