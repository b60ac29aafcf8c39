/**
 * `npm run check`, for those who change the workshop: starters are the generated ones, imports keep
 * the layers, documents are true, and types, lint and unused code are clean.
 *
 * `npm run check -- --links` follows the links that leave the repository, and does nothing else.
 */

import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { runCommand } from "./command.ts";
import { documentFaults } from "./document-rules.ts";
import { documents } from "./documents.ts";
import { editorFaults } from "./editor-rules.ts";
import { externalLinks, followLinks } from "./external-links.ts";
import { layoutFaults } from "./layout-rules.ts";
import { schemaFaults } from "./schema-rules.ts";
import { root } from "./steps.ts";

interface Check {
  readonly name: string;
  /** What is wrong, one line or paragraph each. */
  faults(): Promise<readonly string[]>;
}

const checks: readonly Check[] = [
  { name: "starters, tests and imports are where they belong", faults: async () => layoutFaults() },
  { name: "links and commands in documents exist", faults: async () => documentFaults() },
  { name: "types", faults: () => tool("typescript", "tsc", ["-p", root]) },
  {
    name: "types of what runs in a browser",
    faults: () => tool("typescript", "tsc", ["-p", join(root, "shared/time-machine/page")]),
  },
  {
    name: "format and lint",
    faults: () => tool("@biomejs/biome", "biome", ["check", "--error-on-warnings", root]),
  },
  { name: "the API's schema is the one that is served", faults: async () => schemaFaults() },
  { name: "what the editor's files name is there", faults: async () => editorFaults() },
  { name: "unused code and packages", faults: () => tool("knip", "knip", ["--directory", root]) },
];

await runCommand("npm run check, or npm run check -- --links", async () => {
  const { values } = parseArgs({ options: { links: { type: "boolean", default: false } } });
  process.exitCode = (await (values.links ? checkLinks() : checkAll())) ? 0 : 1;
});

async function checkAll(): Promise<boolean> {
  let failed = 0;
  for (const { name, faults } of checks) {
    const found = await faults();
    console.log(`${found.length === 0 ? "✔" : "✘"} ${name}`);
    for (const fault of found) console.log(`  ${fault.replaceAll("\n", "\n  ")}`);
    if (found.length > 0) failed++;
  }
  console.log(`\n${checks.length - failed} of ${checks.length} checks passed.`);
  return failed === 0;
}

/** Other people's servers come and go: what cannot be known is told, and is no fault of the documents. */
async function checkLinks(): Promise<boolean> {
  const { followed, dead, unknown } = await followLinks(externalLinks(documents()));
  for (const link of unknown) console.log(`? ${link}`);
  for (const link of dead) console.log(`✘ ${link}`);
  const alive = followed - dead.length - unknown.length;
  console.log(
    `\n${followed} links: ${alive} alive, ${unknown.length} unknown, ${dead.length} dead.`,
  );
  return dead.length === 0;
}

/** Runs a package's command with this Node, so that it works the same on Windows. */
function tool(
  packageName: string,
  command: string,
  args: readonly string[],
): Promise<readonly string[]> {
  const require = createRequire(import.meta.url);
  const manifestFile = join(root, "node_modules", packageName, "package.json");
  const manifest = require(manifestFile) as {
    readonly bin: string | Readonly<Record<string, string>>;
  };
  const bin = typeof manifest.bin === "string" ? manifest.bin : manifest.bin[command];
  if (bin === undefined) throw new Error(`${packageName} has no command ${command}.`);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(dirname(manifestFile), bin), ...args], {
      cwd: root,
    });
    const output: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => output.push(chunk));
    child.on("error", reject);
    child.on("close", (code) =>
      resolve(code === 0 ? [] : [Buffer.concat(output).toString("utf8").trim()]),
    );
  });
}
