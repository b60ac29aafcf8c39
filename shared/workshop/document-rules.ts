/** Documents are true: each link leads to a file or heading that is there, each command exists and is tried out. */

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { documentedCommandFaults } from "./document-commands.ts";
import { type Document, documents, linksIn } from "./documents.ts";
import { root, steps } from "./steps.ts";

/** The demo's page while it is served; places in it are the ids in its markup. */
const demoPage = "http://localhost:4000/";

/** Dead links and unknown commands of all Markdown files, one sentence each. */
export function documentFaults(): readonly string[] {
  const all = documents();
  return [
    ...all.flatMap((document) =>
      [...deadLinks(document), ...unknownCommands(document)].map(
        (fault) => `${document.name}: ${fault}`,
      ),
    ),
    ...documentedCommandFaults(all),
  ];
}

function deadLinks({ name, text }: Document): readonly string[] {
  const file = join(root, name);
  return linksIn(text).flatMap((link) => {
    if (link.startsWith(demoPage))
      return placesOfPage().has(link.slice(demoPage.length))
        ? []
        : [`the demo's page has no place ${link}.`];
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

function placesOfPage(): ReadonlySet<string> {
  const markup = readFileSync(join(root, "shared/time-machine/page/index.html"), "utf8");
  return new Set(["", ...[...markup.matchAll(/ id="([^"]+)"/g)].map(([, id]) => `#${id}`)]);
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

function unknownCommands({ text }: Document): readonly string[] {
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
