import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { alternativeFiles } from "../workshop/alternative-files.ts";
import { root, steps } from "../workshop/steps.ts";
import { alternativesOf } from "./catalogue.ts";

const all = steps.flatMap((step) =>
  alternativesOf(step.id).map((alternative) => ({ step, alternative })),
);

describe("the catalogue of alternatives", () => {
  it("lists each folder, under an id of its own", () => {
    const listed = all.map(({ step, alternative }) => `${step.id}/${alternative.id}`);
    const folder = join(root, "shared", "alternatives");
    const folders = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .flatMap(({ name }) => readdirSync(join(folder, name)).map((id) => `${name}/${id}`));
    expect(listed.toSorted()).toEqual(folders.toSorted());
    const ids = all.map(({ alternative }) => alternative.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each(all)("$alternative.id differs from the reference", ({ step, alternative }) => {
    const files = alternativeFiles(step.id, alternative);
    expect(files.length).toBeGreaterThan(0);
    for (const { reference, text } of files) expect(text).not.toBe(reference);
  });

  it.each(all)("$alternative.id says what it gains and what it costs", ({ alternative }) => {
    expect(alternative.tradeOffs.match(/[.?!](?=\s|$)/g)?.length).toBeGreaterThanOrEqual(2);
  });
});
