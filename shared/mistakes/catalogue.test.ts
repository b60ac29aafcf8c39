import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { mistakenFiles } from "../workshop/mistake-files.ts";
import { groupsOf, testGroups } from "../workshop/mistake-quiz.ts";
import { root, steps } from "../workshop/steps.ts";
import { mistakesOf } from "./catalogue.ts";

/** Steps in which many things happen at once have more ways to be wrong. */
const atLeast: Readonly<Record<string, number>> = {
  "03-event-store": 8,
  "04-concurrency": 8,
  "06-publishing": 8,
  "07-consuming": 8,
  "08-projections": 8,
  "09-rebuild": 8,
  "12-saga": 8,
  "13-cqrs-demo": 8,
};

const all = steps.flatMap((step) => mistakesOf(step.id).map((mistake) => ({ step, mistake })));

describe("the catalogue of mistakes", () => {
  it.each(steps)("has enough of them for $id", ({ id }) => {
    expect(mistakesOf(id).length).toBeGreaterThanOrEqual(atLeast[id] ?? 5);
  });

  it("gives each an id of its own", () => {
    const ids = all.map(({ mistake }) => mistake.id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    for (const id of ids) expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
  });

  it.each(all)("$mistake.id fits the reference", ({ step, mistake }) => {
    const made = mistakenFiles(step.id, mistake);
    expect(made.length).toBeGreaterThan(0);
    for (const { before, after } of made) expect(after).not.toBe(before);
  });

  it.each(all)("$mistake.id is caught by tests of its step", ({ step, mistake }) => {
    expect(mistake.caughtBy.length).toBeGreaterThan(0);
    for (const group of groupsOf(mistake)) expect(testGroups(step)).toContain(group);
    for (const file of mistake.triedBy ?? []) {
      expect(readFileSync(join(root, "steps", step.id, file), "utf8")).toContain("it");
    }
  });

  it.each(all)("$mistake.id tells what it costs, with figures", ({ mistake }) => {
    expect(mistake.whatItCostsInProduction).toMatch(/\d|\b(one|two|three|four|ten)\b/i);
    expect(mistake.whatItCostsInProduction.match(/[.?!](?=\s|$)/g)?.length).toBe(2);
  });
});
