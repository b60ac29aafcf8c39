/** The steps of the workshop: what each is called and which servers its tests talk to. */

import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "../..");

export type Service = "postgres" | "rabbitmq";

export interface Step {
  readonly number: number;
  /** The folder's name, `04-concurrency`: the step's id everywhere. */
  readonly id: string;
  readonly needs: readonly Service[];
}

const needs: Readonly<Record<string, readonly Service[]>> = {
  "01-aggregate": [],
  "02-replay": [],
  "03-event-store": ["postgres"],
  "04-concurrency": ["postgres"],
  "05-command-handlers": ["postgres"],
  "06-publishing": ["postgres", "rabbitmq"],
  "07-consuming": ["rabbitmq"],
  "08-projections": ["postgres"],
  "09-rebuild": ["postgres"],
  "10-snapshots": ["postgres"],
  "11-versioning": [],
  "12-saga": ["postgres"],
  "13-cqrs-demo": ["postgres", "rabbitmq"],
};

const all: readonly Service[] = ["postgres", "rabbitmq"];

/** All steps that have a folder, in order. */
export const steps: readonly Step[] = readdirSync(join(root, "steps"))
  .filter((id) => /^\d\d-/.test(id))
  .sort()
  .map((id) => ({ number: Number(id.slice(0, 2)), id, needs: needs[id] ?? all }));

/** The servers that a test file talks to: those of its step, and all of them where it belongs to none. */
export function needsOf(file: string): readonly Service[] {
  const id = /[/\\]steps[/\\](\d\d-[^/\\]+)[/\\]/.exec(file)?.[1];
  return needs[id ?? ""] ?? all;
}

/** The step with this number. Throws a RangeError that lists the numbers there are. */
export function stepNumbered(number: number): Step {
  const step = steps.find((candidate) => candidate.number === number);
  if (step) return step;
  const known = steps.map((candidate) => candidate.number).join(", ");
  throw new RangeError(`There is no step ${number}. The steps are ${known}.`);
}
