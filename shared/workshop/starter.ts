/**
 * Makes the learner's starter from the reference.
 *
 * A region between BEGIN SOLUTION and END SOLUTION becomes a TODO and, inside a function, a throw;
 * imports that only the region used are dropped. A file without markers is given as it is.
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root, steps } from "./steps.ts";
import { pristineRoot } from "./trees.ts";

export interface Starter {
  /** Relative to the step's folder. */
  readonly name: string;
  readonly text: string;
}

/** The starters of one step: what its folder in `steps/` holds beside documents and tests. */
export function startersOf(stepId: string): readonly Starter[] {
  const folder = join(root, "solutions", stepId);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /\.(ts|sql|json|graphql)$/.test(name))
    .sort()
    .map((name) => {
      const source = readFileSync(join(folder, name), "utf8");
      return { name, text: makeStarter(`solutions/${stepId}/${name}`, source) };
    });
}

/** Writes all starters where the tree `pristine` reads them. */
export function writePristine(): void {
  rmSync(pristineRoot, { recursive: true, force: true });
  for (const step of steps) {
    for (const { name, text } of startersOf(step.id)) {
      const file = join(pristineRoot, "steps", step.id, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  }
}

/** The starter for the text of a reference file; `file` is named in errors. */
export function makeStarter(file: string, source: string): string {
  const comment = file.endsWith(".sql") ? "--" : "//";
  const lines = source.split("\n");
  const output: string[] = [];
  let changed = false;
  let open: { readonly line: number; readonly indent: string; readonly name: string } | undefined;
  let instruction: string[] = [];
  let readingInstruction = false;

  lines.forEach((line, index) => {
    const text = line.trim();
    const at = `${file}:${index + 1}`;
    if (text.startsWith(`${comment} BEGIN SOLUTION`)) {
      if (open) throw new Error(`${at} begins a solution inside the one of line ${open.line}.`);
      const indent = line.slice(0, line.indexOf(comment));
      open = {
        line: index + 1,
        indent,
        name: indent === "" || comment === "--" ? "" : enclosingFunction(lines, index, at),
      };
      instruction = [text.slice(`${comment} BEGIN SOLUTION`.length).replace(/^: */, "")];
      readingInstruction = true;
      changed = true;
    } else if (text.startsWith(`${comment} END SOLUTION`)) {
      if (!open) throw new Error(`${at} ends a solution that was never begun.`);
      output.push(...replacement(comment, open, instruction));
      open = undefined;
    } else if (!open) {
      output.push(line);
    } else if (readingInstruction && text.startsWith(`${comment} `)) {
      instruction.push(text.slice(comment.length + 1));
    } else {
      readingInstruction = false;
    }
  });
  if (open) throw new Error(`${file}:${open.line} begins a solution that never ends.`);
  if (!changed) return source;
  const starter = output
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .replace(/\n+$/, "\n");
  return comment === "//" ? tidyImports(starter) : starter;
}

function replacement(
  comment: string,
  { indent, name }: { readonly indent: string; readonly name: string },
  instruction: readonly string[],
): string[] {
  const told = instruction.filter((line) => line !== "");
  const todo = told.map((line, index) =>
    index === 0 ? `${indent}${comment} TODO: ${line}` : `${indent}${comment} ${line}`,
  );
  return comment === "//" && name !== ""
    ? [...todo, `${indent}throw new NotImplemented("${name}");`]
    : todo;
}

/** The name of the function whose body holds this line: the nearest less indented line that declares one. */
function enclosingFunction(lines: readonly string[], index: number, at: string): string {
  let indent = indentOf(lines[index] ?? "");
  for (let above = index - 1; above >= 0; above--) {
    const line = lines[above] ?? "";
    if (line.trim() === "" || indentOf(line) >= indent) continue;
    const name =
      /\bfunction\*? +(\w+)/.exec(line)?.[1] ??
      /^\s*(?:export )?const (\w+)[^=]*= (?:async )?\(/.exec(line)?.[1] ??
      /^\s+(?:async )?\*?(\w+)(?:<[^>]*>)?\(/.exec(line)?.[1];
    if (name !== undefined && !/^(if|for|while|switch|catch|return)$/.test(name)) return name;
    if (!/^\s*\)/.test(line)) indent = indentOf(line);
  }
  return failed(at);
}

function failed(at: string): never {
  throw new Error(
    `${at} is indented, but no function around it was found. At module level, do not indent.`,
  );
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

const importStatement = /^import (type )?(?:(\w+)(?:, )?)?(?:\{([^}]*)\})? ?from "([^"]+)";\n/gm;
const notImplemented = "../../shared/kernel/not-implemented.ts";

/** Drops what nothing uses any more, and adds NotImplemented where it is thrown. */
function tidyImports(text: string): string {
  const body = text.replace(importStatement, "");
  const code = body.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
  const used = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(code);
  const kept: { readonly from: string; readonly text: string }[] = [];
  let first: number | undefined;
  for (const match of text.matchAll(importStatement)) {
    const [, typeOnly = "", whole, names = "", from = ""] = match;
    first ??= match.index;
    const specifiers = names
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "");
    const left = specifiers.filter((name) =>
      used(
        name
          .replace(/^type /, "")
          .split(" as ")
          .at(-1) ?? name,
      ),
    );
    const leftWhole = whole !== undefined && used(whole) ? whole : undefined;
    if (leftWhole === undefined && left.length === 0) continue;
    kept.push({ from, text: printImport(typeOnly, leftWhole, left, from) });
  }
  if (code.includes("new NotImplemented(")) {
    kept.push({
      from: notImplemented,
      text: printImport("", undefined, ["NotImplemented"], notImplemented),
    });
  }
  const at = first ?? endOfDocblock(body);
  const start = body.slice(0, at);
  const rest = body.slice(at).replace(/^\n+/, "");
  const imports = kept
    .sort(byImportOrder)
    .map((statement) => statement.text)
    .join("");
  return `${start}${imports}${imports === "" ? "" : "\n"}${rest}`;
}

function printImport(
  typeOnly: string,
  whole: string | undefined,
  names: readonly string[],
  from: string,
): string {
  // When each name left is a type, the formatter wants `import type { ... }`.
  const allTypes =
    typeOnly === "" &&
    names.length > 0 &&
    whole === undefined &&
    names.every((name) => name.startsWith("type "));
  const shown = allTypes ? names.map((name) => name.slice("type ".length)) : names;
  const keyword = allTypes ? "type " : typeOnly;
  const start = whole === undefined ? "" : shown.length > 0 ? `${whole}, ` : whole;
  const braces = shown.length > 0 ? `{ ${shown.join(", ")} }` : "";
  const line = `import ${keyword}${start}${braces} from "${from}";`;
  if (line.length <= 100) return `${line}\n`;
  return `import ${keyword}${start}{\n${shown.map((name) => `  ${name},\n`).join("")}} from "${from}";\n`;
}

/** As the formatter orders them: node, packages, then paths from the farthest. */
function byImportOrder(a: { readonly from: string }, b: { readonly from: string }): number {
  const rank = (from: string): number =>
    from.startsWith("node:")
      ? 0
      : from.startsWith(".")
        ? 2 + (from.startsWith("./") ? 100 : 50 - from.split("../").length)
        : 1;
  const path = (from: string): string => from.replace(/\.ts$/, "");
  return rank(a.from) - rank(b.from) || (path(a.from) < path(b.from) ? -1 : 1);
}

function endOfDocblock(text: string): number {
  const docblock = /^\/\*\*[\s\S]*?\*\/\n\n/.exec(text);
  return docblock ? docblock[0].length : 0;
}
