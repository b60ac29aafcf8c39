/** Where the servers' programs are on this machine, and private servers from them. */

import { existsSync, readdirSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { environment } from "./environment.ts";
import { postgresProgram, startCluster, versionOf } from "./postgres-cluster.ts";
import type { PrivateServer } from "./private-server.ts";
import { type RabbitPrograms, startRabbitNode } from "./rabbitmq-node.ts";

/** `*` stands for any part of a name; the highest number is looked at first. */
const postgresFolders = [
  "/usr/lib/postgresql/*/bin",
  "/usr/pgsql-*/bin",
  "/usr/libexec/postgresql*",
  "/opt/homebrew/opt/postgresql@*/bin",
  "/usr/local/opt/postgresql@*/bin",
  "/Applications/Postgres.app/Contents/Versions/*/bin",
  "C:/Program Files/PostgreSQL/*/bin",
];

/** RabbitMQ's home, which holds `plugins`: its own code is in there too. */
const rabbitHomes = [
  "/usr/lib/rabbitmq/lib/rabbitmq_server-*",
  "/opt/rabbitmq",
  "/opt/homebrew/opt/rabbitmq",
  "/usr/local/opt/rabbitmq",
  "C:/Program Files/RabbitMQ Server/rabbitmq_server-*",
];

const erlangFolders = [
  "/usr/lib/erlang/bin",
  "/usr/lib64/erlang/bin",
  "/opt/homebrew/opt/erlang*/lib/erlang/bin",
  "/usr/local/opt/erlang*/lib/erlang/bin",
  "C:/Program Files/Erlang OTP/bin",
  "C:/Program Files/erl-*/bin",
];

/** A PostgreSQL of this major version or later, or in a few words why there is none. */
export async function startPostgresOfThisMachine(
  oldestVersion: number,
): Promise<PrivateServer | string> {
  const folders = postgresPrograms();
  const folder = folders.find((each) => majorVersion(each) >= oldestVersion);
  if (folder !== undefined) return startCluster(() => folder);
  return folders.length === 0
    ? "no programs postgres and initdb on the PATH or in the usual places"
    : `none that starts in version ${oldestVersion} or later: ${folders.join(", ")}`;
}

/** A RabbitMQ, or in a few words why there is none. */
export async function startRabbitMQOfThisMachine(): Promise<PrivateServer | string> {
  const programs = rabbitPrograms();
  return typeof programs === "string" ? programs : startRabbitNode(programs);
}

/** The folders that hold both programs, the first to be taken first. */
export function postgresPrograms(): readonly string[] {
  return [...onPath("postgres"), ...postgresFolders.flatMap(expanded)].filter((folder) =>
    (["postgres", "initdb"] as const).every((name) => existsSync(postgresProgram(folder, name))),
  );
}

function majorVersion(folder: string): number {
  return Number(/\d+/.exec(versionOf(folder) ?? "")?.[0] ?? 0);
}

/** What a RabbitMQ is started from, or in a few words what is missing. */
export function rabbitPrograms(): RabbitPrograms | string {
  const besideScripts = onPath("rabbitmq-server").flatMap((folder) => [
    join(folder, ".."),
    ...expanded(join(folder, "../lib/rabbitmq_server-*")),
  ]);
  const homes = [...besideScripts, ...rabbitHomes.flatMap(expanded)];
  const home = homes.find((each) => expanded(join(each, "plugins/rabbit-*")).length > 0);
  if (home === undefined) return "no rabbitmq-server on the PATH or in the usual places";
  const installed = environment().ERLANG_HOME;
  const folders = [
    ...onPath("erl"),
    ...(installed ? [join(installed, "bin")] : []),
    ...erlangFolders.flatMap(expanded),
  ];
  for (const folder of folders) {
    const erl = executable(folder, "erl");
    // Its own epmd, as RabbitMQ would leave one behind that it has started itself.
    const epmd = [folder, ...expanded(join(folder, "../erts-*/bin"))]
      .map((each) => executable(each, "epmd"))
      .find((file) => file !== undefined);
    if (erl !== undefined && epmd !== undefined) return { home, erl, epmd };
  }
  return `${home} is there, but no Erlang (erl, epmd) on the PATH or in the usual places`;
}

/** The folders of the PATH that have this program, links followed to where it is installed. */
function onPath(name: string): readonly string[] {
  return (environment().PATH ?? "")
    .split(delimiter)
    .flatMap((folder) => (folder === "" ? [] : (executable(folder, name) ?? [])))
    .map((file) => dirname(realpathSync(file)));
}

function executable(folder: string, name: string): string | undefined {
  const suffixes = process.platform === "win32" ? [".exe", ".bat"] : [""];
  return suffixes.map((suffix) => join(folder, name + suffix)).find((file) => existsSync(file));
}

/** The paths that a pattern stands for and that exist, the highest number first. */
function expanded(pattern: string): readonly string[] {
  const [first = "", ...rest] = pattern.replaceAll("\\", "/").split("/");
  return rest
    .reduce<readonly string[]>(
      (paths, part) => paths.flatMap((path) => matches(path, part)),
      [first],
    )
    .filter((path) => existsSync(path));
}

function matches(parent: string, part: string): readonly string[] {
  if (!part.includes("*")) return [`${parent}/${part}`];
  const [before = "", after = ""] = part.split("*");
  try {
    return readdirSync(`${parent}/`)
      .filter((name) => name.startsWith(before) && name.endsWith(after))
      .sort((a, b) => b.localeCompare(a, "en", { numeric: true }))
      .map((name) => `${parent}/${name}`);
  } catch {
    return [];
  }
}
