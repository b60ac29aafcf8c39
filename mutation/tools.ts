/**
 * `npm run mutation tools`: the workshop's own tools, each with a mistake in it, in a copy of the repository.
 * `npm run mutation tools step-report`: those of one file. The test that is named has to be green without the mistake, and red with it.
 */

import { spawn } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onInterruption } from "../shared/infrastructure/run.ts";
import { copyWorkshop } from "../shared/workshop/fixtures/workshop-copy.ts";
import { root, steps } from "../shared/workshop/steps.ts";
import { type ToolMistake, toolMistakes } from "./tool-mistakes.ts";
import { faultInMaking, wrong } from "./wrong-tool.ts";

/** Prints a line for each whose file or test has one of the words in its name, for all where there are none; true when each is caught. */
export async function checkTools(words: readonly string[]): Promise<boolean> {
  const chosen = toolMistakes.filter(
    ({ file, caughtBy }) =>
      words.length === 0 || words.some((word) => `${file} ${caughtBy}`.includes(word)),
  );
  const copy = copyWorkshop(steps.map(({ id }) => id));
  const notInterrupted = onInterruption(async () => copy.remove());
  try {
    cpSync(join(root, "mutation"), join(copy.root, "mutation"), {
      recursive: true,
      filter: (path) => !path.includes("node_modules"),
    });
    const greens = new Map<string, boolean>();
    let caught = 0;
    for (const mistake of chosen) {
      const fault = await faultOf(mistake, copy.root, greens);
      if (fault === undefined) caught += 1;
      console.log(
        `${fault === undefined ? "✔" : "✘"} ${mistake.title}${fault === undefined ? "" : `\n    ${fault}`}`,
      );
    }
    console.log(`\n${caught} of ${chosen.length} wrong tools caught by their tests.`);
    return caught === chosen.length && chosen.length > 0;
  } finally {
    notInterrupted();
    copy.remove();
  }
}

/** Why it is not caught; undefined where it is. */
async function faultOf(
  mistake: ToolMistake,
  copy: string,
  greens: Map<string, boolean>,
): Promise<string | undefined> {
  const { file, caughtBy } = mistake;
  const text = readFileSync(join(copy, file), "utf8");
  const fault = faultInMaking(mistake, text);
  if (fault !== undefined) return fault;
  const wasGreen = greens.get(caughtBy) ?? (await isGreen(caughtBy, copy));
  greens.set(caughtBy, wasGreen);
  if (!wasGreen) return `${caughtBy} is red without the mistake.`;
  writeFileSync(join(copy, file), wrong(mistake, text));
  try {
    return (await isGreen(caughtBy, copy)) ? `${caughtBy} stays green.` : undefined;
  } finally {
    writeFileSync(join(copy, file), text);
  }
}

/** Whether the test file is green in the copy; a run of its own, as the mistake may be in what runs the tests. */
function isGreen(file: string, cwd: string): Promise<boolean> {
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const child = spawn(process.execPath, [vitest, "run", "--project", "tooling", file], {
    cwd,
    env: { ...process.env, WORKSHOP_TREES: "", WORKSHOP_TOOLING: "1" },
    stdio: "ignore",
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code === 0));
  });
}
