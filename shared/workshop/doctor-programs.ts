/** Runs a program of this machine to hear what it says, without a shell. */

import { execFile } from "node:child_process";
import { codeOf } from "./disk.ts";

/** What a program has said. */
export interface Said {
  readonly ended: "well" | "badly";
  /** The first line, of what it complained where it ended badly. */
  readonly line: string;
}

/** Undefined where there is no such program. One that takes longer than 5 s is ended. */
export function ask(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<Said | undefined> {
  return new Promise((resolve) => {
    const options = { env: { ...env, LC_ALL: "C" }, timeout: 5_000, windowsHide: true };
    execFile(program, args, options, (error, stdout, stderr) => {
      if (codeOf(error) === "ENOENT") resolve(undefined);
      else if (error?.killed) resolve({ ended: "badly", line: `${program} did not end` });
      else if (error) resolve({ ended: "badly", line: firstLine(`${stderr}\n${error.message}`) });
      else resolve({ ended: "well", line: firstLine(stdout) });
    });
  });
}

function firstLine(text: string): string {
  return text.trim().split("\n", 1)[0] ?? "";
}
