/** The workshop's documents, and what of them is prose, a command or a link. */

import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { root as here } from "./steps.ts";

export interface Document {
  /** From the root, with slashes. */
  readonly name: string;
  readonly text: string;
}

/** All Markdown files, but for those of packages. */
export function documents(root: string = here): readonly Document[] {
  const skipped = /(^|[/\\])(node_modules|\.workshop|\.git)([/\\]|$)/;
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md") && !skipped.test(path))
    .map((path) => join(root, path))
    .sort()
    .map((file) => ({
      name: relative(root, file).replaceAll("\\", "/"),
      text: readFileSync(file, "utf8").replaceAll("\r\n", "\n"),
    }));
}

/** The document's links, in the order in which they stand; what looks like one in code is none. */
export function linksIn(text: string): readonly string[] {
  const prose = text.replace(fence, "").replace(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
}

/**
 * What a reader may type: the lines of blocks for a shell or without a language, and inline code, as far
 * as they begin with a program of ours. `&&` joins two; what stands behind `#` or two spaces is a remark.
 */
export function commandsIn(text: string): readonly string[] {
  const blocks = [...text.matchAll(fence)].flatMap(([, language = "", body = ""]) =>
    /^(sh|bash|console)?$/.test(language) ? body.split("\n") : [],
  );
  // A paragraph's lines are broken anywhere, in code as well.
  const paragraphs = text.replace(fence, "").split(/\n\s*\n/);
  const inline = paragraphs.flatMap((paragraph) =>
    [...paragraph.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code.replaceAll(/\s*\n\s*/g, " ")),
  );
  return [...blocks, ...inline]
    .map((line) => line.trim().split(/ {2,}| #/)[0] ?? "")
    .filter((line) => /^(npm|npx|node|docker|git) \S/.test(line))
    .flatMap((line) => line.split(" && "));
}

const fence = /^```(\w*)[^\n]*\n([\s\S]*?)^```/gm;
