/** An editor's files are true: what .vscode/ and .devcontainer/ name is there, and is what the workshop has. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { containerFaults } from "./container-rules.ts";
import { argumentsFor, type CommandLine, launchesOf, tasksOf } from "./editor-files.ts";
import { root as here } from "./steps.ts";

/** Everything that is not true, one sentence each. */
export function editorFaults(root: string = here): readonly string[] {
  return [
    ...tasksOf(root).flatMap((task) => taskFaults(task, root)),
    ...launchesOf(root).flatMap((launch) => launchFaults(launch, root)),
    ...settingFaults(root),
    ...containerFaults(root, recommendedIn(root)),
  ];
}

function taskFaults(task: CommandLine, root: string): readonly string[] {
  const [program = "", ...words] = task.typed?.replace(/,.*/, "").split(" ") ?? [];
  const wanted =
    program === "npm" ? scriptsOf(root)[words.at(-1) ?? ""] : [program, ...words].join(" ");
  const said = written(task, root).replace(/ \$\{fileDirnameBasename\}$/, "");
  if (said === wanted) return [];
  return [`.vscode/tasks.json: "${task.name}" runs ${said}, but ${task.typed} is ${wanted}.`];
}

function launchFaults(launch: CommandLine, root: string): readonly string[] {
  const said = written(launch, root);
  const known = [...Object.values(scriptsOf(root)), "node node_modules/vitest/vitest.mjs run"];
  const program = argumentsFor(launch, join(root, "README.md"), root).find((argument) =>
    argument.startsWith(root),
  );
  return [
    ...(known.some((script) => said.startsWith(`${script} `))
      ? []
      : [`.vscode/launch.json: "${launch.name}" runs ${said}, which no npm script does.`]),
    ...(program !== undefined && existsSync(program)
      ? []
      : [`.vscode/launch.json: "${launch.name}" runs ${program}, which is not there.`]),
  ];
}

/** The command line with paths as npm scripts write them, and only variables that the tests know, too. */
function written(line: CommandLine, root: string): string {
  argumentsFor(line, join(root, "README.md"), root);
  return [line.command, ...line.args].join(" ").replace(/\$\{workspaceFolder\}\//g, "");
}

function settingFaults(root: string): readonly string[] {
  const settings = read(root, ".vscode/settings.json") as {
    readonly "typescript.tsdk": string;
    readonly "vitest.rootConfig": string;
    readonly "search.exclude": Readonly<Record<string, boolean>>;
    readonly "[typescript]": { readonly "editor.defaultFormatter": string };
  };
  const paths = [
    settings["typescript.tsdk"],
    settings["vitest.rootConfig"],
    ...Object.keys(settings["search.exclude"]),
  ];
  const formatter = settings["[typescript]"]["editor.defaultFormatter"];
  return [
    ...paths
      .filter((path) => !existsSync(join(root, path)))
      .map((path) => `.vscode/settings.json: ${path} is not there.`),
    ...(recommendedIn(root).includes(formatter)
      ? []
      : [`.vscode/settings.json: ${formatter} formats, but is not recommended.`]),
  ];
}

function recommendedIn(root: string): readonly string[] {
  const { recommendations } = read(root, ".vscode/extensions.json") as {
    readonly recommendations: readonly string[];
  };
  return recommendations;
}

function scriptsOf(root: string): Readonly<Record<string, string>> {
  const { scripts } = read(root, "package.json") as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  return scripts;
}

function read(root: string, name: string): unknown {
  return JSON.parse(readFileSync(join(root, name), "utf8"));
}
