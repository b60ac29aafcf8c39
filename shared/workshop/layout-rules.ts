/** The rules that the folders keep: generated starters, tests in steps only, imports from left to right. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { startersOf } from "./starter.ts";
import { root, steps } from "./steps.ts";

const documents = ["README.md", "hints.md"];

/** Which packages a file of a step may import, by the first step that may. */
const packagesFrom: Readonly<Record<string, number>> = { pg: 3, amqplib: 6, graphql: 13 };
const testPackages = ["vitest", "fast-check"];

/** Everything that breaks a rule, one sentence each; nothing when all is well. */
export function layoutFaults(): readonly string[] {
  return [
    ...steps.flatMap(({ id }) => [...stepFaults(id), ...solutionFaults(id)]),
    ...stepsWithoutReference(),
    ...codeFiles("steps").concat(codeFiles("solutions")).flatMap(importFaults),
  ];
}

function stepFaults(id: string): readonly string[] {
  const folder = join(root, "steps", id);
  const present = readdirSync(folder);
  const starters = startersOf(id);
  const drifted = starters.flatMap(({ name, text }) => {
    if (!present.includes(name))
      return [`steps/${id}/${name} is missing: npm run starters ${Number(id.slice(0, 2))}`];
    if (readFileSync(join(folder, name), "utf8") === text) return [];
    return [
      `steps/${id}/${name} is not what its solution generates: npm run starters ${Number(id.slice(0, 2))}`,
    ];
  });
  const missing = [...documents, "play.ts"].filter((name) => !present.includes(name));
  const expected = new Set([...documents, ...starters.map(({ name }) => name)]);
  const stray = present.filter((name) => !expected.has(name) && !name.endsWith(".test.ts"));
  const tests = present.filter((name) => name.endsWith(".test.ts"));
  const properties = tests.filter((name) => name.endsWith(".property.test.ts"));
  return [
    ...drifted,
    ...missing.map((name) => `steps/${id} has no ${name}.`),
    ...stray.map(
      (name) =>
        `steps/${id}/${name} comes from no solution: remove it, or add it to solutions/${id}.`,
    ),
    ...(tests.length > properties.length ? [] : [`steps/${id} has no example tests.`]),
    ...(properties.length > 0 ? [] : [`steps/${id} has no property test.`]),
  ];
}

function solutionFaults(id: string): readonly string[] {
  const tests = codeFiles(`solutions/${id}`).filter((file) => file.endsWith(".test.ts"));
  const unmarked = startersOf(id).every(({ text }) => !text.includes("new NotImplemented("));
  return [
    ...tests.map((file) => `${file} is a test: tests stand in steps/ only.`),
    ...(unmarked ? [`solutions/${id} has no BEGIN SOLUTION: there is nothing to write.`] : []),
  ];
}

function stepsWithoutReference(): readonly string[] {
  return steps
    .filter(({ id }) => !existsSync(join(root, "solutions", id)))
    .map(({ id }) => `steps/${id} has no reference in solutions/.`);
}

/** Imports of one file that go to a later step, out of its tree, or to a package that it must not need. */
function importFaults(file: string): readonly string[] {
  const [tree = "", id = ""] = file.split("/");
  const number = Number(id.slice(0, 2));
  const isTest = file.endsWith(".test.ts");
  return importsOf(file).flatMap((source) => {
    if (source.startsWith("node:")) return [];
    if (!source.startsWith(".")) {
      const name = source.startsWith("@")
        ? source.split("/").slice(0, 2).join("/")
        : (source.split("/")[0] ?? source);
      const first = packagesFrom[name];
      if (first !== undefined && number >= first) return [];
      if (isTest && testPackages.includes(name)) return [];
      return [
        `${file} imports the package ${name}, which code of step ${id.slice(0, 2)} does not need.`,
      ];
    }
    if (!source.endsWith(".ts")) return [`${file} imports ${source} without its ending .ts.`];
    const target = posix.join(posix.dirname(file), source);
    if (target.startsWith("shared/"))
      return isTest || !target.startsWith("shared/testing/")
        ? []
        : [`${file} imports ${target}, which is for tests.`];
    const [targetTree = "", targetId = ""] = target.split("/");
    if (Number(targetId.slice(0, 2)) > number) return [`${file} imports ${target}, a later step.`];
    if (targetTree === tree || (isTest && targetTree === "solutions")) return [];
    return [`${file} imports ${target}, which is not in its own tree.`];
  });
}

function importsOf(file: string): readonly string[] {
  const text = readFileSync(join(root, file), "utf8");
  const statements = text.matchAll(
    /^(?:import|export)\b[^;"']*?\bfrom "([^"]+)";|^import "([^"]+)";|\bimport\("([^"]+)"\)/gm,
  );
  return [...statements].map(([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? "");
}

/** Repository-relative paths of the TypeScript files below a folder. */
function codeFiles(folder: string): readonly string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) =>
      posix.join(entry.parentPath.slice(root.length + 1).replaceAll("\\", "/"), entry.name),
    )
    .sort();
}
