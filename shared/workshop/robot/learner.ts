/** A learner in a clone of their own: types commands, edits files in steps/, and has what the commands remember. */

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { StepProgress } from "../progress-storage.ts";
import type { Starter } from "../starter.ts";
import { expectThat, Fault } from "./fault.ts";
import { type Said, type Typing, typeLine } from "./terminal.ts";

export interface Learner {
  readonly name: string;
  /** The clone. */
  readonly root: string;
  /** Types a line in the clone's root, or in the folder that is said. */
  types(line: string, where?: string, typing?: Omit<Typing, "folder">): Promise<Said>;
}

/** `typed` collects every line, whoever types it. */
export function learnerIn(
  root: string,
  name: string,
  env: NodeJS.ProcessEnv,
  typed: Set<string>,
): Learner {
  return {
    name,
    root,
    types(line, where = ".", typing = {}) {
      for (const command of line.split(" && ")) typed.add(command);
      const shown = where === "." ? line : `(${where}) ${line}`;
      return typeLine(line, shown, {
        folder: join(root, where),
        ...typing,
        env: { ...env, ...typing.env },
      });
    },
  };
}

/** Saves files in the step's folder. */
export function save(learner: Learner, stepId: string, files: readonly Starter[]): void {
  for (const { name, text } of files) write(learner, `steps/${stepId}/${name}`, text);
}

export function write({ root }: Learner, file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}

export function read({ root }: Learner, file: string): string {
  return readFileSync(join(root, file), "utf8");
}

export function isThere({ root }: Learner, file: string): boolean {
  return existsSync(join(root, file));
}

export function remove({ root }: Learner, file: string): void {
  rmSync(join(root, file), { recursive: true });
}

/** Every file below steps/, and what is in it, byte by byte. */
export function allSteps({ root }: Learner): ReadonlyMap<string, string> {
  const folder = join(root, "steps");
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
  return new Map(files.map((file) => [file, readFileSync(join(folder, file), "base64")]));
}

/** Throws Fault where a file below steps/ is not what it was in `before`. */
export function expectUntouched(
  learner: Learner,
  before: ReadonlyMap<string, string>,
  said?: Said,
): void {
  const now = allSteps(learner);
  const names = [...new Set([...before.keys(), ...now.keys()])];
  const different = names.filter((name) => before.get(name) !== now.get(name));
  expectThat(different.length === 0, `steps/ is as it was, also ${different.join(", ")}`, said);
}

/** What the progress file holds of a step. */
export function progressOf(learner: Learner, stepId: string): StepProgress {
  const file = ".workshop/progress.json";
  if (!isThere(learner, file)) throw new Fault(`${file} is there`);
  const stored: { readonly steps: Readonly<Record<string, StepProgress>> } = JSON.parse(
    read(learner, file),
  );
  return stored.steps[stepId] ?? {};
}
