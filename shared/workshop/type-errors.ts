/** The type errors in a learner's step, told beside the verdict of its tests. */

import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { labelled } from "./labelled.ts";
import { root, type Step } from "./steps.ts";

/** One error of the compiler. */
export interface TypeFault {
  /** `steps/04-concurrency/event-store.ts:38` */
  readonly place: string;
  readonly message: string;
}

export interface TypeChecker {
  /** The errors in the step's files as they are now; undefined where the compiler did not say. */
  check(): Promise<readonly TypeFault[] | undefined>;
  close(): void;
}

/** Starts the compiler in a process of its own, where it stays warm, and does not hold up the tests. */
export function openTypeChecker(step: Step): TypeChecker {
  const compiler: ChildProcess = fork(join(import.meta.dirname, "compiler.mjs"), [step.id], {
    cwd: root,
    execArgv: [],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const endWithUs = (): void => void compiler.kill();
  process.once("exit", endWithUs);
  let isGone = false;
  const gone = new Promise<undefined>((resolve) => {
    const end = (): void => {
      isGone = true;
      process.off("exit", endWithUs);
      resolve(undefined);
    };
    compiler.once("exit", end);
    compiler.once("error", end);
  });
  let asked = 0;
  return {
    check() {
      if (isGone) return gone;
      asked += 1;
      const mine = asked;
      const answer = new Promise<readonly TypeFault[]>((resolve) => {
        const hear = (message: {
          readonly answers: number;
          readonly faults: TypeFault[];
        }): void => {
          if (message.answers !== mine) return;
          compiler.off("message", hear);
          resolve(message.faults);
        };
        compiler.on("message", hear);
      });
      compiler.send(mine);
      return Promise.race([answer, gone]);
    },
    close() {
      compiler.kill();
    },
  };
}

/** How many are shown: the first is often the reason for the others. */
const most = 2;

/** What does not fit, and the innermost reason; what stands between them repeats it level by level. */
function shortened(message: string): readonly string[] {
  const levels = message.split("\n").map((line) => line.trim());
  return levels.length === 1 ? levels : [levels[0] ?? "", levels.at(-1) ?? ""];
}

/** Lines below a report; none where there is no error, or where it tells already what does not parse. */
export function typeErrorLines(
  all: readonly TypeFault[],
  report: readonly string[],
): readonly string[] {
  if (report.some((line) => line.includes("PARSE_ERROR"))) return [];
  const keys = all.map(({ place, message }) => `${place} ${message}`);
  const faults = all.filter((_, index) => keys.indexOf(keys[index] ?? "") === index);
  if (faults.length === 0) return [];
  const more = faults.length - most;
  return [
    "",
    `TYPES  ${faults.length === 1 ? "1 error" : `${faults.length} errors`}, beside what the tests say`,
    ...faults
      .slice(0, most)
      .flatMap(({ place, message }) => [
        `  where   ${place}`,
        ...labelled("what", shortened(message)),
      ]),
    ...(more > 0 ? [`          and ${more} more: npx tsc -p .`] : []),
  ];
}
