/** What .vscode/ tells an editor to run: its tasks and its launch configurations, as command lines. */

import { readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";

export interface CommandLine {
  /** As the editor shows it. */
  readonly name: string;
  /** The command as a learner would type it; launch configurations have none. */
  readonly typed: string | undefined;
  readonly command: string;
  /** With variables of the editor, as `${relativeFile}`. */
  readonly args: readonly string[];
}

interface Task {
  readonly label: string;
  readonly detail: string;
  readonly command: string;
  readonly args: readonly string[];
}

interface LaunchConfiguration {
  readonly name: string;
  readonly runtimeArgs?: readonly string[];
  readonly program: string;
  readonly args: readonly string[];
}

export function tasksOf(root: string): readonly CommandLine[] {
  const { tasks } = read<{ readonly tasks: readonly Task[] }>(root, "tasks.json");
  return tasks.map(({ label, detail, command, args }) => ({
    name: label,
    typed: detail,
    command,
    args,
  }));
}

export function launchesOf(root: string): readonly CommandLine[] {
  const { configurations } = read<{ readonly configurations: readonly LaunchConfiguration[] }>(
    root,
    "launch.json",
  );
  return configurations.map(({ name, runtimeArgs = [], program, args }) => ({
    name,
    typed: undefined,
    command: "node",
    args: [...runtimeArgs, program, ...args],
  }));
}

/** The arguments as the editor hands them over while `file` is open. Throws a RangeError for a variable it does not know. */
export function argumentsFor(line: CommandLine, file: string, root: string): readonly string[] {
  const values: Readonly<Record<string, string>> = {
    workspaceFolder: root,
    relativeFile: relative(root, file),
    fileDirnameBasename: basename(dirname(file)),
  };
  return line.args.map((argument) =>
    argument.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
      const value = values[name];
      if (value === undefined) throw new RangeError(`"${line.name}" asks for ${name}.`);
      return value;
    }),
  );
}

function read<Content>(root: string, name: string): Content {
  return JSON.parse(readFileSync(join(root, ".vscode", name), "utf8")) as Content;
}
