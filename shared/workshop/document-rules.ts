/** Documents are true: each link leads to a file or heading that is there, each command exists. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { root, steps } from "./steps.ts";

/** Dead links and unknown commands of all Markdown files, one sentence each. */
export function documentFaults(): readonly string[] {
  return documents().flatMap((file) => {
    const text = readFileSync(file, "utf8");
    const name = relative(root, file).replaceAll("\\", "/");
    return [...deadLinks(file, text), ...unknownCommands(text)].map((fault) => `${name}: ${fault}`);
  });
}

function documents(): readonly string[] {
  const skipped = /(^|[/\\])(node_modules|\.workshop|\.git)([/\\]|$)/;
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md") && !skipped.test(path))
    .map((path) => join(root, path))
    .sort();
}

function deadLinks(file: string, text: string): readonly string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, "").replace(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = ""]) => {
    if (/^(https?:|mailto:)/.test(link)) return [];
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? file : join(dirname(file), decodeURIComponent(path));
    if (!existsSync(target)) return [`the link ${link} leads nowhere.`];
    if (anchor === undefined || !target.endsWith(".md")) return [];
    return headings(readFileSync(target, "utf8")).has(anchor)
      ? []
      : [`there is no heading for the link ${link}.`];
  });
}

/** The anchors that GitHub gives to headings. */
function headings(text: string): ReadonlySet<string> {
  return new Set(
    [...text.matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .trim()
        .replaceAll(" ", "-"),
    ),
  );
}

function unknownCommands(text: string): readonly string[] {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  const scripts = [...text.matchAll(/\bnpm run ([a-z][\w:-]*)/g)]
    .map(([, script = ""]) => script)
    .filter((script) => manifest.scripts[script] === undefined)
    .map((script) => `there is no script for npm run ${script}.`);
  const numbers = [...text.matchAll(/\bnpm (?:test|run (?:play|starters)) (\d+)/g)]
    .map(([, number = ""]) => Number(number))
    .filter((number) => !steps.some((step) => step.number === number))
    .map((number) => `there is no step ${number} to run.`);
  return [...scripts, ...numbers];
}
